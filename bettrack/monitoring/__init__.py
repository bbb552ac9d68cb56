"""How operators see what goes on: health, metrics, logs, signs of life, alerts."""

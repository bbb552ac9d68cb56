"""Exports and imports that workers do: asked for, done whole or not at all, told of, and forgotten."""

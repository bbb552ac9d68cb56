"""Monitors: what is checked and how its status changes, the watcher, uptime, and the public page."""

"""Odds for programs: bookmakers, what they offer now and offered then, and what follows from it."""

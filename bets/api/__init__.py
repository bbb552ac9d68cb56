"""A person's bets, money and statistics for programs; the review queue for staff."""

"""Bets typed or pasted: ``words`` reads one line, ``pasted`` the texts of slips, ``finding`` the line that is meant.

``elsewhere`` records in words a bet on a game that the archive does not have.
"""

from __future__ import annotations


class AccountRefused(Exception):
    """What was asked of an account cannot be done; the message is meant for the person who asked."""


class LastAdministrator(AccountRefused):
    """Nobody would be left who can look after the site."""

    def __init__(self) -> None:
        super().__init__("This is the last administrator. Make another account one first.")

"""Webhooks: who is told what, the outbox, finding what is told besides bets, and sending it signed."""

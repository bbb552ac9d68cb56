"""The trail: who changed what, when and from where. Triggers of the database write it, so nobody can forget to."""

from __future__ import annotations


class BackupError(Exception):
    """A backup cannot be made, checked or restored; the message says why in a sentence, and nothing good was lost."""


class BadFolder(BackupError):
    """The folder for backups cannot be used."""


class Busy(BackupError):
    """Another backup or restore is at work."""


class TooManyJobs(BackupError):
    """More processes were asked for than the server has connections free."""

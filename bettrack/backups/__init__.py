"""Backups of the database: made with PostgreSQL's own programs, checked, kept, restored and proved.

`create.backup` makes one, `restoring.restore` brings one back, `verifying.verify_backup` proves one in a scratch
database, and `state.backup_state` says how things stand. Faults are raised as `errors.BackupError`.
"""

from __future__ import annotations

"""The steps of `manage.py up`, one module per subject."""

from __future__ import annotations

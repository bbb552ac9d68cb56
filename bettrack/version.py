"""The one place that says which version this is; CHANGELOG.md tells what is in it."""

from __future__ import annotations

VERSION = "0.1.0"

"""Archives that move between installations: exported by month under natural keys, and imported again."""

from __future__ import annotations

from .exporting import export_archive
from .importing import ArchiveCounts, import_archive
from .tables import FORMATS, ArchiveError

__all__ = ["FORMATS", "ArchiveCounts", "ArchiveError", "export_archive", "import_archive"]

"""The guard against emptying a table at a stroke, which no trigger of a row sees."""

from __future__ import annotations

from typing import Final

import pgtrigger

NEVER_EMPTIED: Final = """
    RAISE EXCEPTION '% is append-only: TRUNCATE is refused', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
"""

never_emptied: Final = pgtrigger.Trigger(
    name="never_emptied",
    level=pgtrigger.Statement,
    operation=pgtrigger.Truncate,
    when=pgtrigger.Before,
    func=NEVER_EMPTIED,
)
"""Beside the guard of the rows of every append-only table; also reached by CASCADE from another table."""

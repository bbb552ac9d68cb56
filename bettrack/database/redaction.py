"""Texts of statements without the values in them, which may be somebody's address or a password."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 400
TOKEN: Final = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<name> "(?:[^"]|"")*(?:"|\Z) )
    | (?P<escaped> \b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) )
    | (?P<text> (?:\b[uU]&|\b[bBxXnN])?'(?:[^']|'')*(?:'|\Z) )
    | (?P<dollar> \$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z) )
    | (?P<place> \$\d+ )
    | (?P<word> [A-Za-z_\x80-\U0010ffff][\w$]* )
    | (?P<number> (?:0[xXoObB][\da-fA-F_]+ | (?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?) )
    """,
    re.VERBOSE | re.DOTALL,
)
LISTED: Final = re.compile(r"\$\$?(?:\s*,\s*\$)+(?!\d)")
SPACE: Final = re.compile(r"\s+")


def redacted(statement: str, *, longest: int = LONGEST) -> str:
    """The statement with ``$`` in place of every value, without comments, on one line.

    A text that PostgreSQL cut off within a value ends there. Names of tables and columns stay.
    """
    plain = SPACE.sub(" ", TOKEN.sub(_replaced, statement)).strip()
    plain = LISTED.sub("$, …", plain)
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def _replaced(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "comment":
        return " "
    if kind in ("name", "place", "word"):
        return match[0]
    return "$"

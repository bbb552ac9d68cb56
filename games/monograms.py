"""Team badges as SVG text, for teams without a logo and for logos that do not load. No Django."""

from __future__ import annotations

import hashlib
import re
from xml.sax.saxutils import escape

PALETTE = (
    "#1d4ed8",
    "#0f766e",
    "#b91c1c",
    "#7c3aed",
    "#c2410c",
    "#15803d",
    "#be185d",
    "#0e7490",
    "#a16207",
    "#4338ca",
    "#475569",
    "#86198f",
)
INKS = ("#ffffff", "#111827")
SMALL_WORDS = frozenset({"a", "and", "at", "da", "de", "del", "der", "do", "of", "the", "und", "v"})


def letters(name: str, abbr: str = "") -> str:
    """Two or three capitals: the abbreviation's first three, else initials, else the start of the only word."""
    short = re.sub(r"[\W_]", "", abbr)
    if len(short) >= 2:
        return short[:3].upper()
    words = [word for word in re.findall(r"[^\W_]+", name) if word.lower() not in SMALL_WORDS]
    if len(words) > 1:
        return "".join(word[0] for word in words[:3]).upper()
    return (words[0][:3] if words else short or "?").upper()


def color_of(name: str) -> str:
    """A colour for a team that has none: the same name always gets the same."""
    digest = hashlib.sha256(name.casefold().encode()).digest()
    return PALETTE[digest[0] % len(PALETTE)]


def luminance(color: str) -> float:
    """Relative luminance of #rrggbb, 0 to 1 (WCAG 2.2)."""
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(color: str) -> str:
    """White or near black, whichever reads better on the colour."""
    return max(INKS, key=lambda ink: contrast(ink, color))


def monogram(name: str, *, abbr: str = "", color: str = "") -> str:
    """The badge of a team as an SVG document; ``color`` is #rrggbb or '' for one made from the name."""
    ground = color or color_of(name)
    text = letters(name, abbr)
    size = 25 if len(text) < 3 else 20
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64" role="img">'
        f"<title>{escape(name)}</title>"
        f'<rect x="1" y="1" width="62" height="62" rx="16" fill="{ground}" '
        'stroke="#8b93a1" stroke-opacity="0.45" stroke-width="1.5"/>'
        f'<text x="32" y="33" fill="{ink_on(ground)}" font-family="Inter, system-ui, sans-serif" '
        f'font-size="{size}" font-weight="700" text-anchor="middle" dominant-baseline="central">'
        f"{escape(text)}</text></svg>"
    )

"""Text as a terminal shows it: harmless, measured, cut, coloured. Not for layout (see `table`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TextIO
from unicodedata import category, east_asian_width

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters of ASCII and Latin-1, which begin escape sequences
    "\u2028\u2029"  # line and paragraph separator
    "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides and isolates, which reorder what follows
    "\ud800-\udfff]"  # lone surrogates: bytes that were no text
)
_LAYOUT = re.compile(r"[\t\r\n\v\f]+")
_COLOURS = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33}


def harmless(text: str) -> str:
    """One line in which nothing can steer a terminal."""
    if text.isprintable():
        return text
    return _UNSAFE.sub("\ufffd", _LAYOUT.sub(" ", text))


def harmless_lines(text: str) -> str:
    """The same, keeping line ends."""
    return "\n".join(harmless(line) for line in text.splitlines())


def keep_harmless(text: str, kept: str) -> str:
    """Unsafe characters replaced, except those in `kept`."""
    if text.isprintable():
        return text
    return _UNSAFE.sub(lambda found: found[0] if found[0] in kept else "\ufffd", text)


def width(text: str) -> int:
    """How many cells a terminal gives to it."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def cut(text: str, cells: int) -> str:
    """At most `cells` wide; what is cut ends in an ellipsis."""
    if width(text) <= cells:
        return text
    kept, used = [], 0
    for character in text:
        used += _cells(character)
        if used > cells - 1:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…" if cells > 0 else ""


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """Filled with spaces to `cells`; `right` puts the text at the right end."""
    space = " " * (cells - width(text))
    return space + text if right else text + space


def paint(text: str, colour: str | None, *, on: bool) -> str:
    """In that colour, when colours are on."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if on and colour and text else text


def colour_wanted(stream: TextIO, environ: Mapping[str, str], *, no_color: bool = False) -> bool:
    """The flag decides, then NO_COLOR, FORCE_COLOR and TERM=dumb, then whether it is a terminal."""
    if no_color or environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return environ.get("TERM") != "dumb" and stream.isatty()


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    if category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1

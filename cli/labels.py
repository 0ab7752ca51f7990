"""Full ids within a text, as the short ones that people know. Which are short enough, the read models know."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ID = re.compile(r"\b[a-z]-[0-9a-z]{16}\b")


def is_id(text: object) -> bool:
    """Whether it is a full id of a cycle, person, pairing or batch."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def ids_in(text: str) -> list[str]:
    """Every full id in a text, in order."""
    return _ID.findall(text)


def shortened(text: str, labels: Mapping[str, str]) -> str:
    """The text with every id that has a label under its label."""
    return _ID.sub(lambda found: labels.get(found[0], found[0]), text)

"""Moulds: stored bytes with holes where ids, instants and commitments go, so that one event casts a thousand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping


class Mould:
    """Stored bytes cut at every token; `cast` fills each hole with the value given for its token."""

    __slots__ = ("_holes", "_parts")

    def __init__(self, state: bytes, tokens: Iterable[bytes]) -> None:
        found = b"|".join(re.escape(token) for token in sorted(tokens, key=len, reverse=True))
        self._parts = re.split(b"(" + found + b")", state) if found else [state]
        self._holes = [(place, self._parts[place]) for place in range(1, len(self._parts), 2)]

    def cast(self, values: Mapping[bytes, bytes]) -> bytes:
        parts = self._parts.copy()
        for place, token in self._holes:
            parts[place] = values[token]
        return b"".join(parts)

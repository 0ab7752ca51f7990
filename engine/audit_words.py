"""Compares the texts beside the log with what its events committed to, a part of the log at a time.

A part is long enough that a stream is asked for its texts a few times and not once an event, and short enough that
commitments of a whole log never lie in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .audit_report import Verification
from .stores.port import Log
from .vault import mismatches


@dataclass(slots=True)
class _Part:
    """The versions of one stream that a part of the log has, and every commitment among them."""

    first: int
    last: int
    carried: dict[tuple[int, str], bytes] = field(default_factory=dict)


class WordsChecker:
    """Takes what events commit to, until it is asked to `settle`."""

    def __init__(self, store: Log, report: Verification) -> None:
        self._store = store
        self._report = report
        self._parts: dict[tuple[str, str], _Part] = {}

    def take(self, key: tuple[str, str], version: int, carried: Mapping[tuple[int, str], bytes]) -> None:
        """The commitments of one event, none for most; `key` is its tenant and stream."""
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _Part(version, version)
        part.first, part.last = min(part.first, version), max(part.last, version)
        if carried:
            part.carried.update(carried)

    def settle(self) -> None:
        """Compare what was taken with the texts that are there, and forget it."""
        for (tenant, stream), part in self._parts.items():
            if part.carried:
                self._compare(tenant, stream, part)
        self._parts.clear()

    def _compare(self, tenant: str, stream: str, part: _Part) -> None:
        # Texts of other versions belong to other parts, or to events that others append meanwhile.
        kept = [
            words
            for words in self._store.read_words(tenant, stream)
            if part.first <= words.version <= part.last
        ]
        self._report.words += len(kept)
        for place in mismatches(stream, kept, part.carried):
            self._report.find("words", 0, f"{place}: the text is not the one that the log committed to")
        missing = part.carried.keys() - {(words.version, words.field) for words in kept}
        for version, name in sorted(missing):
            self._report.find("words", 0, f"{stream} {version} {name}: the text is gone")

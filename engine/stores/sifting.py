"""Which events of a log somebody reads, and how they get those alone, where a server can keep back the others."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from mentorcycle.projections.projection import PARTS, part_of

from .port import Log, StoredRow

LOOKS = 4
"""How often a server is asked at most until it has sent a good part of a batch."""


class Wanted(NamedTuple):
    """Events of streams whose names begin with one of `kinds`, in one of `parts` (see `part_of`). Empty means all."""

    kinds: frozenset[str] = frozenset()
    parts: frozenset[int] = frozenset()

    def of(self, rows: list[StoredRow]) -> list[StoredRow]:
        """Those of some events that are wanted."""
        if self.kinds:
            kinds = tuple(self.kinds)
            rows = [row for row in rows if row.stream.startswith(kinds)]
        if self.parts:
            rows = [row for row in rows if part_of(row.tenant, row.stream) in self.parts]
        return rows


EVERYTHING = Wanted()


@runtime_checkable
class Sifting(Protocol):
    """A log on a server that can keep back what somebody does not read."""

    def read_wanted(self, after: int, upto: int, wanted: Wanted) -> list[StoredRow]:
        """All wanted events with `after` < position <= `upto`, in order of position."""


def read_wanted(log: Log, after: int, upto: int, size: int, wanted: Wanted) -> tuple[list[StoredRow], int]:
    """The wanted ones among about the next `size` events (<= `upto`), and the position up to which that is all.

    A server that keeps back the others is asked for more at a time, and looks on where it finds few, though not for
    ever: whoever reads has to give a sign of life, and to note how far they came.
    """
    if upto <= after:
        return [], upto
    if wanted == EVERYTHING or not isinstance(log, Sifting):
        rows = log.read_log(after, size, upto=upto)
        return wanted.of(rows), rows[-1].position if len(rows) == size else upto
    found: list[StoredRow] = []
    width = size * PARTS // (len(wanted.parts) or PARTS)
    for _ in range(LOOKS):
        reach = min(upto, after + width)
        found += log.read_wanted(after, reach, wanted)
        after = reach
        if after == upto or 2 * len(found) >= size:
            break
    return found, after

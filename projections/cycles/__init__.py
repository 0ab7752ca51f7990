"""Where every cycle stands, now and as of any position of the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..connection import Connection
from ..projection import PARTS, ReadModel
from .queries import Count, CycleQueries
from .row import CycleRow, Member, Pause
from .tables import TABLES

if TYPE_CHECKING:
    from mentorcycle.domain.recorded import Recorded

__all__ = ["CYCLES", "Count", "CycleQueries", "CycleRow", "Member", "Pause"]


def _apply(connection: Connection, generation: int, events: Sequence[Recorded[Any]]) -> None:
    from .fold import apply  # loads every event class, which a reader of up-to-date rows never needs

    apply(connection, generation, events)


CYCLES = ReadModel("cycles", 6, TABLES, _apply, PARTS, kinds=("cycle:",))

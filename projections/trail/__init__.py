"""The audit trail: who did what and when, without what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..connection import Connection
from ..projection import ReadModel
from .queries import BatchMember, BatchRow, TrailQueries, TrailRow
from .tables import TABLES

if TYPE_CHECKING:
    from mentorcycle.domain.recorded import Recorded

__all__ = ["TRAIL", "BatchMember", "BatchRow", "TrailQueries", "TrailRow"]


def _apply(connection: Connection, generation: int, events: Sequence[Recorded[Any]]) -> None:
    from .fold import apply

    apply(connection, generation, events)


TRAIL = ReadModel("trail", 5, TABLES, _apply)

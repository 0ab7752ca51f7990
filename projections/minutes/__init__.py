"""Minutes: one act, one record, and a share of it for everybody who took part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..connection import Connection
from ..projection import ReadModel
from .queries import ActRow, MinutesQueries, Total
from .tables import TABLES

if TYPE_CHECKING:
    from mentorcycle.domain.recorded import Recorded

__all__ = ["MINUTES", "ActRow", "MinutesQueries", "Total"]


def _apply(connection: Connection, generation: int, events: Sequence[Recorded[Any]]) -> None:
    from .fold import apply  # loads every event class, which a reader of up-to-date rows never needs

    apply(connection, generation, events)


MINUTES = ReadModel("minutes", 2, TABLES, _apply, kinds=("cycle:",))

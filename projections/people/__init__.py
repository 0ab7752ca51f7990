"""The people of the programmes: profile, load, and how they are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..connection import Connection
from ..projection import ReadModel
from .queries import OpenPairing, PeopleQueries, PersonRow
from .tables import TABLES

if TYPE_CHECKING:
    from mentorcycle.domain.recorded import Recorded

__all__ = ["PEOPLE", "OpenPairing", "PeopleQueries", "PersonRow"]


def _apply(connection: Connection, generation: int, events: Sequence[Recorded[Any]]) -> None:
    from .fold import apply  # loads every event class, which a reader of up-to-date rows never needs

    apply(connection, generation, events)


PEOPLE = ReadModel("people", 3, TABLES, _apply, kinds=("person:",))

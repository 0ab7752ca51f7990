"""What a correction changes in an act: which field of the event is which column, and how its value is read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mentorcycle.domain import events as e
from mentorcycle.domain.typed import typed

from ..moments import to_micros

CORRECTABLE: dict[str, dict[str, tuple[str, type]]] = {
    e.ContactLogged.event_name: {
        "occurred_at": ("at", datetime),
        "kind": ("kind", str),
        "mode": ("mode", str),
        "formality": ("formality", str),
        "minutes": ("minutes", int),
    },
    e.ObservationCompleted.event_name: {
        "start": ("at", datetime),
        "mode": ("mode", str),
        "minutes": ("minutes", int),
    },
    e.DebriefHeld.event_name: {"held": ("at", datetime), "mode": ("mode", str), "minutes": ("minutes", int)},
}
"""Event name to the fields that matter here: the column, and the type of its value. Other events have no minutes."""


def corrections(correction: e.CycleCorrected) -> dict[str, Any]:
    """The new values of an act's columns; raise ValueError for a value that cannot be read."""
    values: dict[str, Any] = {}
    columns = CORRECTABLE[correction.event]
    for name, value in correction.fields.items():
        if name in columns:
            column, kind = columns[name]
            read = typed(kind, value)
            values[column] = to_micros(read) if isinstance(read, datetime) else read
    return values

"""An event with its envelope: where it lies, when it happened, when it was recorded, who did it and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from .actor import Actor
from .events import Event

E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E_co]):
    """One entry of the log.

    `position` is its place in the one order of all events (from 1), `version` its place in `stream` (from 1).
    Both times are aware UTC: `occurred_at` is when it happened, `recorded_at` when it was appended.
    `definition_version` is that of the definition which the cycle pinned then; None for people and programmes.
    """

    position: int
    tenant: str
    stream: str
    version: int
    recorded_at: datetime
    occurred_at: datetime
    actor: Actor
    command_id: str
    correlation: str | None
    causation: str | None
    batch: str | None
    event: E_co
    definition_version: int | None = None

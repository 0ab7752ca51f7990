"""How read models are: state, how far behind the log in events and seconds, and what they set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from . import registry
from .mending import dead_letters
from .registry import ACTIVE, BUILDING, FAILED, lineup

if TYPE_CHECKING:
    from .readers import Readers

NEW = "new"


class ModelStatus(NamedTuple):
    """One read model. `state` is new, building, active or failed.

    `lag_seconds` is the age of the first event that it has not read. `rebuilding` is the position that a rebuild
    beside it has reached; `error` the type of what made it fail.
    """

    name: str
    version: int
    generation: int
    state: str
    position: int
    lag_events: int
    lag_seconds: float
    dead_letters: int
    rebuilding: int | None
    error: str | None


def status(readers: Readers) -> list[ModelStatus]:
    """Every read model as it is, without bringing any up to date."""
    head = readers.store.head()
    letters = dead_letters(readers)
    with readers.tables.reader() as connection:
        rows = registry.read(connection)
        now = registry.now(connection, readers.clock)
    found = []
    for model in readers.models:
        one = lineup(model, rows)
        serving = one.active or one.failed or one.building
        states = {ACTIVE: one.active, FAILED: one.failed, BUILDING: one.building}
        position = serving.position if serving else 0
        found.append(
            ModelStatus(
                model.name,
                model.version,
                serving.generation if serving else 0,
                next((state for state, row in states.items() if row), NEW),
                position,
                max(0, head - position),
                age(readers, position, head, now),
                sum(letter.model == model.name for letter in letters),
                one.building.position if one.building and serving is not one.building else None,
                serving.error if serving else None,
            )
        )
    return found


def age(readers: Readers, position: int, head: int, now: int) -> float:
    """Seconds since the first event after a position was recorded; 0 when there is none."""
    if position >= head:
        return 0.0
    return max(0.0, (now - readers.store.read_log(position, 1)[0].recorded_at) / 1_000_000)

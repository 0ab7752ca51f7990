"""How the work on read models is shared: every part with who feeds it and how far it is, and every worker."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from mentorcycle.projections.moments import from_micros

from . import registry
from .registry import ACTIVE, BUILDING, FAILED, Generation, lineup
from .sharing import WorkerStatus
from .status import NEW, age

if TYPE_CHECKING:
    from .readers import Readers


class UnitStatus(NamedTuple):
    """A part of a read model. `owner` is who feeds it for as long as they live, None when nobody does.

    `lag_seconds` is the age of the first event that it has not read, `progress_at` when it last got on, `heartbeat` the
    age in seconds of its owner's last sign of life.
    """

    model: str
    part: int
    parts: int
    state: str
    position: int
    lag_events: int
    lag_seconds: float
    progress_at: datetime | None
    owner: str | None
    backend: int | None
    heartbeat: float | None


class Working(NamedTuple):
    """The work as it is at one moment. `shared` says whether workers could share it."""

    shared: bool
    head: int
    units: tuple[UnitStatus, ...]
    workers: tuple[WorkerStatus, ...]

    @property
    def behind(self) -> int:
        """How many parts have not read everything."""
        return sum(unit.lag_events > 0 or unit.state != ACTIVE for unit in self.units)

    @property
    def unowned(self) -> int:
        """How many parts nobody keeps up to date."""
        return sum(unit.owner is None for unit in self.units)


def working(readers: Readers) -> Working:
    """The work as it is; nothing is brought up to date."""
    head = readers.store.head()
    seen = readers.tables.workers(readers.models)
    with readers.tables.reader() as connection:
        rows = registry.read(connection)
        now = registry.now(connection, readers.clock)
    ages: dict[int, float] = {}
    units = []
    for model in readers.models:
        one = lineup(model, rows)
        serving = one.active or one.failed or one.building
        for part in range(len(serving.positions) if serving else 1):
            position = serving.positions[part] if serving else 0
            if position not in ages:
                ages[position] = age(readers, position, head, now)
            owner = seen.owners.get((model.name, part))
            units.append(
                UnitStatus(
                    model.name,
                    part,
                    len(serving.positions) if serving else 1,
                    _state(one.active, one.failed, one.building),
                    position,
                    max(0, head - position),
                    ages[position],
                    from_micros(serving.updated_at) if serving else None,
                    owner.name if owner else None,
                    owner.backend if owner else None,
                    owner.heartbeat if owner else None,
                )
            )
    return Working(readers.tables.shared, head, tuple(units), seen.all)


def _state(active: Generation | None, failed: Generation | None, building: Generation | None) -> str:
    return ACTIVE if active else FAILED if failed else BUILDING if building else NEW

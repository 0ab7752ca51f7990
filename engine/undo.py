"""What a batch advanced, and what of it can still be taken back. Taking back is a command: `UndoAdvance`."""

from __future__ import annotations

from dataclasses import dataclass

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import AdvanceUndone, CycleAdvanced
from mentorcycle.domain.ids import subject_of

from .engine import Engine

MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class BatchAdvance:
    """A cycle that a batch advanced; `undone` when that was taken back since."""

    cycle: str
    source: str
    target: str
    undone: bool


@dataclass(frozen=True, slots=True)
class BatchWork:
    """What a batch did: its advances, and by id whatever else it did, which no undo takes back."""

    advances: tuple[BatchAdvance, ...]
    others: dict[str, tuple[str, ...]]


def work_of_batch(engine: Engine, batch: str, actor: Actor) -> BatchWork:
    """What a batch did, in order of the log; raise `NotFound` for an unknown one, `RefusedError` for participants."""
    engine.queries.batch(batch, actor)
    advanced: dict[str, BatchAdvance] = {}
    others: dict[str, list[str]] = {}
    for row in engine.queries.trail(actor, batch=batch, newest_first=False, limit=MOST):
        id = subject_of(row.stream)
        if row.name == CycleAdvanced.event_name:
            advanced[id] = _advance(engine, id, row.version, actor)
        elif row.name != AdvanceUndone.event_name or id not in advanced:  # else its advance says so
            others.setdefault(id, []).append(row.name)
    return BatchWork(tuple(advanced.values()), {id: tuple(names) for id, names in others.items()})


def _advance(engine: Engine, cycle: str, version: int, actor: Actor) -> BatchAdvance:
    history = engine.history(cycle, actor)
    event = history[version - 1].event
    assert isinstance(event, CycleAdvanced)
    later = (recorded.event for recorded in history[version:])
    undone = any(isinstance(one, AdvanceUndone) and one.advance == version for one in later)
    return BatchAdvance(cycle, event.source, event.target, undone)

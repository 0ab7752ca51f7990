"""Builds a read model anew beside the one that serves, compares the two, and lets the new one serve.

What is built survives the end of the process: started again, a rebuild goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from mentorcycle.projections.connection import Connection
from mentorcycle.projections.projection import ReadModel

from . import registry
from .registry import Fed, Generation, Lineup, lineup, wanted_by
from .steps import next_group

if TYPE_CHECKING:
    from .readers import Readers

LETTERS = "SELECT count(*) FROM dead_letters WHERE model = ? AND generation = ?"

Progress = Callable[[int, int], None]
"""Called with the position reached and the position to reach."""


class Rebuilt(NamedTuple):
    """A finished rebuild as of a position of the log; `before` is None when there was nothing to compare with."""

    name: str
    generation: int
    position: int
    before: str | None
    after: str

    @property
    def equal(self) -> bool | None:
        """Whether the rows were what the log says; None when they were not compared."""
        return None if self.before is None else self.before == self.after


def rebuild(readers: Readers, name: str, progress: Progress | None = None) -> Rebuilt:
    """Build, compare at the same position of the log, switch in one transaction and drop the old one.

    One that has read further than the log goes is not compared: the new one ends where the log does.
    """
    model = readers.model(name)
    readers.catch_up()
    _begin(readers, model)
    pause = readers.pause()
    while True:
        one = _lineup(readers, model)
        new = one.building
        if new is None:  # another process has finished the same rebuild
            _begin(readers, model)
            continue
        old = _comparable(readers, one)
        head = readers.store.head()
        targets = old.positions if old else (head,) * len(new.positions)
        behind = [
            (Fed(model, new, part, beside=not one.serves_next), target)
            for part, target in enumerate(targets)
            if new.positions[part] < target
        ]
        if progress is not None:
            progress(new.position, max(targets))
        if behind:
            group, upto = next_group(behind)
            batch, scanned = readers.read(group[0].position, upto, readers.largest, wanted_by(group))
            if readers.advance(group, batch, scanned, head=scanned).taken:
                pause.begin()
            elif pause.over:
                raise pause.used_up(f"somebody else builds {model.name}")
            else:
                pause.wait()
        elif done := _compared(readers, model):
            _switch(readers, model, done.generation)
            readers.empty(model)
            return done
        else:
            readers.catch_up()
            pause.wait()


def _begin(readers: Readers, model: ReadModel) -> None:
    """A generation to build: the one that was begun and has set nothing aside, else a new one."""

    def unless_begun(connection: Connection) -> None:
        registry.create(connection)
        readers.tables.alone(connection, model)
        rows = registry.read(connection)
        begun = lineup(model, rows).building
        if begun is not None:
            letters: int = connection.execute(LETTERS, (model.name, begun.generation)).fetchone()[0]
            if not letters and begun.position <= readers.store.head():
                return
        registry.begin(connection, model, rows, readers.clock())

    readers.write(unless_begun)


def _comparable(readers: Readers, one: Lineup) -> Generation | None:
    """The generation that serves, unless it has read further than the log goes."""
    return None if readers.beyond([one]) else one.active


def _lineup(readers: Readers, model: ReadModel) -> Lineup:
    with readers.tables.reader() as connection:
        return lineup(model, registry.read(connection))


def _compared(readers: Readers, model: ReadModel) -> Rebuilt | None:
    """Both digests as of one moment; None when the old one has moved on meanwhile."""
    with readers.tables.reader() as connection:
        one = lineup(model, registry.read(connection))
        old, new = _comparable(readers, one), one.building
        if new is None or (old is not None and old.positions != new.positions):
            return None
        before = model.digest(connection, old.generation) if old else None
        return Rebuilt(
            model.name, new.generation, new.position, before, model.digest(connection, new.generation)
        )


def _switch(readers: Readers, model: ReadModel, generation: int) -> None:
    with readers.tables.writer() as connection:
        readers.tables.alone(connection, model)
        rows = registry.read(connection)
        new = [row for row in rows if (row.name, row.generation) == (model.name, generation)]
        for row in new:
            registry.switch(connection, model, row, rows, readers.clock())

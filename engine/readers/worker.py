"""Keeps read models up to date, beside any number of other workers, so that no query has to.

In PostgreSQL the workers share the read models, and parts of large ones, among themselves; a file or a store in memory
has one worker at a time who feeds all of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mentorcycle.domain.errors import InvalidInput, NotFound, StoreNeedsUpgrade, StoreUnavailable
from mentorcycle.projections import MODELS
from mentorcycle.projections.projection import ReadModel

from ..stores.bell import Bell
from ..stores.clock import utc_microseconds
from ..stores.pace import pace_of
from ..stores.port import Log
from ..undisturbed import undisturbed
from .readers import FIRST_BATCH, Readers
from .steps import due
from .tables import Session, Tables

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
IN_THE_WAY_SECONDS = 0.01

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caught:
    """What one round came to: everything free has read up to `position`, and `left` somebody else keeps."""

    position: int
    left: tuple[str, ...]


class Worker:
    """Feeds read models. `run` it until it is stopped, or `run_once` from a scheduler; for one thread or task.

    `models` are names, by default all; raises `NotFound` for a name that no read model has, and `InvalidInput` for an
    empty list. `lease` is how many seconds a worker may give no sign of life before others take over from it. `told` is
    given sentences about what happens to it; by default they are logged.
    """

    def __init__(
        self,
        store: Log,
        models: Sequence[str] | None = None,
        *,
        clock: Callable[[], int] = utc_microseconds,
        name: str = "",
        lease: float = 8.0,
        told: Callable[[str], None] | None = None,
        known: Sequence[ReadModel] = MODELS,
    ) -> None:
        self.store = store
        self.models = _named(models, known)
        self._clock = clock
        self._name = name
        self._lease = lease
        self._told = told or log.info
        self._stopped = Bell(pace_of(store))
        self._tables: Tables | None = None

    def run(self) -> None:
        """Keep everything up to date until `stop()` is called; finish the batch, and leave.

        When the server is away, or ended its session, it takes part again as soon as it can. Raises
        `StoreNeedsUpgrade` alone.
        """
        pause, said = SHORTEST_PAUSE, ""
        while not self._is_stopped():
            try:
                with self._own().session(self.models, self._name, self._lease) as session:
                    self._told(f"worker {session.name} takes part")
                    pause, said = SHORTEST_PAUSE, ""
                    self._work(session)
            except StoreNeedsUpgrade:
                raise
            except StoreUnavailable as error:
                if error.what != said:  # not again for as long as it lasts
                    self._told(f"{error.what}: {error.why}")
                said = error.what
                self._stopped.wait(0, pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def run_once(self) -> Caught:
        """Bring up to date what nobody else feeds now, and tell what is left."""
        readers = self._readers(self._own())
        head, owned = readers.take_free(self.store.head())
        return Caught(head, tuple(readers.kept_by(one, head) for one in owned))

    def stop(self) -> None:
        """Let `run` end soon, from any thread."""
        self._stopped.ring()
        self.store.wake()

    def _is_stopped(self) -> bool:
        return self._stopped.rings > 0

    def _own(self) -> Tables:
        if self._tables is None:
            self._tables = self._readers(None).tables
        return self._tables

    def _readers(self, tables: Tables | None) -> Readers:
        return Readers(self.store, models=self.models, tables=tables, clock=self._clock)

    def _work(self, session: Session) -> None:
        readers = self._readers(session.tables)
        size = FIRST_BATCH
        while not self._is_stopped():
            session.beat()
            head = self.store.head()
            behind = [one for one in readers.lineups() if not one.ready(head)]
            if any(one.to_create for one in behind):
                readers.begin()
                continue
            mine = [one for one in due(behind, head) if session.feeds(one[0])]
            if not mine:
                self.store.wait_unless(head, session.pulse, self._is_stopped)
                continue
            with undisturbed():
                done = readers.step(mine, size)
            size = readers.next_size(size)
            if not done.taken:
                self._stopped.wait(0, IN_THE_WAY_SECONDS)


def _named(models: Sequence[str] | None, known: Sequence[ReadModel]) -> tuple[ReadModel, ...]:
    by_name = {model.name: model for model in known}
    if models is not None and not models:
        raise InvalidInput(
            "a worker for no read model is not made",
            "an empty list names none, and there would be nothing for it to do",
            f"name some of {', '.join(by_name)}, or give no list for all",
        )
    for name in models or ():
        if name not in by_name:
            raise NotFound("read model", name, f"there are {', '.join(by_name)}")
    return tuple(known) if models is None else tuple(by_name[name] for name in dict.fromkeys(models))

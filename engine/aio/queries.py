"""The questions of `Queries` as coroutines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Concatenate, ParamSpec, Self, TypeVar

from mentorcycle.domain.ids import DEFAULT_TENANT

from ..queries import Queries
from ..settings import utc_now
from ..url import is_postgres, open_loop_store
from .awaited import Outside, awaited
from .opening import AsyncClosing, Opening
from .runner import Runner
from .running import opened

P = ParamSpec("P")
T = TypeVar("T")


class AsyncQueries(AsyncClosing, Outside[Queries]):
    """Every question of one tenant, for the tasks of one event loop. What each answers is said at `Queries`."""

    def __init__(self, queries: Queries, runner: Runner) -> None:
        """To be made by `open`, or found at an engine."""
        super().__init__(queries, runner)
        self.tenant = queries.tenant

    @classmethod
    def open(
        cls, url: str, *, tenant: str = DEFAULT_TENANT, clock: Callable[[], datetime] = utc_now
    ) -> Opening[Self]:
        """Open the store at a URL for questions alone, in the loop that runs now; see `AsyncEngine.open`."""
        open_ = partial(_on_loop if is_postgres(url) else Queries.open, url, tenant=tenant, clock=clock)

        async def opening() -> Self:
            return cls(*await opened(url, open_))

        return Opening(opening)

    head = awaited(Queries.head)
    position = awaited(Queries.position)
    recorded_at = awaited(Queries.recorded_at)
    programme = awaited(Queries.programme)
    definition = awaited(Queries.definition)
    published = awaited(Queries.published)
    find_definition = awaited(Queries.find_definition)
    concerns = awaited(Queries.concerns)
    with_all_ids = awaited(Queries.with_all_ids)
    cycles = awaited(Queries.cycles)
    total = awaited(Queries.total)
    cycle = awaited(Queries.cycle)
    counts = awaited(Queries.counts)
    clock = awaited(Queries.clock)
    stalled = awaited(Queries.stalled)
    course = awaited(Queries.course)
    history = awaited(Queries.history)
    as_of = awaited(Queries.as_of)
    verify = awaited(Queries.verify)
    people = awaited(Queries.people)
    external_ids = awaited(Queries.external_ids)
    person_row = awaited(Queries.person_row)
    workload = awaited(Queries.workload)
    minutes = awaited(Queries.minutes)
    acts = awaited(Queries.acts)
    find_cycles = awaited(Queries.find_cycles)
    find_people = awaited(Queries.find_people)
    find_batches = awaited(Queries.find_batches)
    names = awaited(Queries.names)
    schools = awaited(Queries.schools)
    short = awaited(Queries.short)
    trail = awaited(Queries.trail)
    batches = awaited(Queries.batches)
    batch = awaited(Queries.batch)

    async def run(self, work: Callable[Concatenate[Queries, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function of `Queries` gives, for example `overview.overview`; see `AsyncEngine.run`."""
        return await self._runner.run(work, self._inner, *args, **kwargs)

    async def close(self) -> None:
        """Give back what `open` opened."""
        await self._runner.close(self._inner.close)


def _on_loop(url: str, *, tenant: str, clock: Callable[[], datetime]) -> Queries:
    store = open_loop_store(url, clock=lambda: 0, patience=30.0, read_only=False)
    return Queries(store, tenant, clock)

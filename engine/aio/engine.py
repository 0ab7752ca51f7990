"""The facade for a platform on an event loop: what `Engine` does, as coroutines.

It decides and stores nothing of its own: inside is an `Engine`, whose calls its runner runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar, assert_type

from mentorcycle.domain.errors import CannotJoin
from mentorcycle.domain.ids import DEFAULT_TENANT

from ..engine import LEASE_SECONDS, Engine, clock_of
from ..readers.readers import not_there_yet
from ..receipt import Receipt
from ..settings import Settings
from ..url import is_postgres, open_loop_store
from .awaited import Outside, awaited, awaited_write
from .in_threads import InThreads
from .opening import AsyncClosing, Opening
from .queries import AsyncQueries
from .runner import LongRunner
from .running import opened
from .subscription import AsyncSubscription, Watch
from .worker import AsyncWorker, Workers

if TYPE_CHECKING:
    from mentorcycle.domain.actor import Actor
    from mentorcycle.domain.commands import Command
    from mentorcycle.domain.refusal import Refused

    from ..queries import Listing
    from ..unit import Projection
    from .unit import AsyncUnit


P = ParamSpec("P")
T = TypeVar("T")


class AsyncEngine(AsyncClosing, Outside[Engine]):
    """Cycles of one tenant in one store, for the tasks of one event loop. Open it after `fork`, once per loop.

    What each method does and raises is said at `Engine`. On PostgreSQL tasks share commits, and a task that is
    cancelled is cancelled in the server too; what was committed before is found by its command id. On SQLite and in
    memory commands run in one thread, one after the other, and go on when their task is cancelled.
    """

    def __init__(self, engine: Engine, runner: LongRunner) -> None:
        """To be made by `open`."""
        super().__init__(engine, runner)
        self._long = runner
        self.tenant = engine.tenant
        self.settings = engine.settings
        self.queries = AsyncQueries(engine.queries, runner)
        self._watch = Watch(engine.store, runner)
        self._workers = Workers()

    @classmethod
    def open(
        cls,
        url: str = "memory://",
        *,
        tenant: str = DEFAULT_TENANT,
        settings: Settings | None = None,
        create: bool = True,
        read_only: bool = False,
    ) -> Opening[Self]:
        """Open the engine on `sqlite:///path.db`, `postgresql://…` or `memory://`, in the loop that runs now.

        Either `engine = await AsyncEngine.open(…)`, to be closed later, or `async with AsyncEngine.open(…) as engine`.
        """
        settings = settings or Settings()

        async def open_() -> Self:
            if is_postgres(url):
                make = partial(_on_loop, url, tenant, settings, read_only=read_only)
            else:
                make = partial(
                    Engine.open, url, tenant=tenant, settings=settings, create=create, read_only=read_only
                )
            return cls(*await opened(url, make))

        return Opening(open_)

    execute = awaited_write(Engine.execute)
    execute_many = awaited_write(Engine.execute_many)
    ensure_programme = awaited_write(Engine.ensure_programme)
    can = awaited(Engine.can)
    cycle = awaited(Engine.cycle)
    person = awaited(Engine.person)
    programme = awaited(Engine.programme)
    definition = awaited(Engine.definition)
    history = awaited(Engine.history)
    as_of = awaited(Engine.as_of)
    enrolment = awaited(Engine.enrolment)

    def subscribe(self, after: int = 0) -> AsyncSubscription:
        """Every event after a position, in order, as it is appended; iterating waits until it is stopped."""
        return AsyncSubscription(self._inner.store, self.tenant, after, self._runner, self._watch)

    def join(
        self,
        connection: object,
        *,
        models: Sequence[str] = (),
        projections: Sequence[Projection] = (),
    ) -> AsyncUnit:
        """Commands within the transaction of a host: `async with engine.join(connection) as unit:`.

        As `Engine.join`, for a `psycopg.AsyncConnection` to the database of the log; projections and hooks may be
        coroutine functions. On SQLite it raises `CannotJoin`: such a connection belongs to a thread.
        """
        if isinstance(self._runner, InThreads):
            self._inner.join(connection, models=models, projections=projections)  # says what else is wrong
            raise CannotJoin(
                "a connection to a SQLite file cannot be joined by tasks",
                "it belongs to the thread that uses it, and commands of tasks run in another",
                "join it in its own thread, by an Engine for threads: with engine.join(connection) as unit",
            )
        from .unit import joined

        return joined(self._inner, self._runner, connection, models, projections)

    def worker(
        self,
        models: Sequence[str] | None = None,
        *,
        name: str = "",
        lease: float = LEASE_SECONDS,
        told: Callable[[str], None] | None = None,
    ) -> AsyncWorker:
        """A worker that keeps read models (by default all) up to date, see `Engine.worker`. `close` ends it."""
        self._runner.check()
        worker = self._inner.worker(models, name=name, lease=lease, told=told)
        return AsyncWorker(worker, self._long, self._workers)

    async def wait_for(self, receipt: Receipt | int, timeout: float | None = None) -> int:
        """Wait until every read model knows a receipt, or a position of the log, see `Engine.wait_for`.

        All tasks that wait for the log look at it together.
        """
        position = receipt.last if isinstance(receipt, Receipt) else receipt
        readers, began = self._inner.queries.readers, monotonic()
        if timeout is None:
            timeout = await self._runner.run(lambda: readers.tables.patience)
        head = await self._watch.reaches(position, timeout)
        if head < position:
            raise not_there_yet(position, head, timeout)
        left = max(0.0, began + timeout - monotonic())
        await self._runner.run(readers.catch_up, position, timeout=left)
        return head

    async def run(self, work: Callable[Concatenate[Engine, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function of an `Engine` gives, for example `undo.work_of_batch`: it is called as if by a thread.

        On PostgreSQL in the thread of the loop, so it must wait for nothing but its engine; on SQLite in the one that
        writes.
        """
        return await self._runner.write(work, self._inner, *args, **kwargs)

    async def close(self) -> None:
        """Give back what was opened, after its workers have left; a second call does nothing."""
        self._runner.check()
        await self._workers.end()
        await self._runner.close(self._inner.close)
        await self._watch.end()


def _on_loop(url: str, tenant: str, settings: Settings, *, read_only: bool) -> Engine:
    store = open_loop_store(url, clock=clock_of(settings), patience=settings.patience, read_only=read_only)
    return Engine(store, tenant=tenant, settings=settings)


if TYPE_CHECKING:  # the type checker holds that nothing of a signature is lost on the way

    async def _typed(engine: AsyncEngine, command: Command, actor: Actor) -> None:
        outcome = await engine.execute(command, actor, command_id="", dry_run=True)
        assert_type(outcome, Receipt | Refused)
        assert_type(await engine.queries.cycles(actor, limit=1), Listing)

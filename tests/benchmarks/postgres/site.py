"""Where the measures of PostgreSQL run: databases of one server, each with the same history at one of three sizes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import psutil
import psycopg

from ..corpus import Corpus
from ..site import tell
from . import history

if TYPE_CHECKING:
    from tests.conftest import Server


@dataclass(frozen=True, slots=True)
class Effort:
    """How many rounds, and how much of everything one turn does."""

    small: int = 10_000
    common: int = 100_000
    large: int = 1_000_000
    rounds: int = 9
    short_rounds: int = 21
    processes: int = 8
    cycles: int = 6
    alone: int = 3
    bulk: int = 1000
    told: int = 100_000
    caught_up: int = 5_000
    one_by_one: int = 60
    worked: int = 20_000
    worked_rounds: int = 9

    @property
    def long(self) -> int:
        """Long cycles for one and for many processes, in all rounds and a warm-up."""
        return (self.rounds + 1) * self.cycles * (1 + self.processes)

    @property
    def long_alone(self) -> int:
        """Long cycles for one process in the short rounds."""
        return (self.short_rounds + 1) * self.alone

    @property
    def fed(self) -> int:
        """Events for read models: a beginning, and all that comes while they are measured."""
        caught_up = (self.rounds + 1) * (self.caught_up + self.one_by_one)
        return self.caught_up + caught_up + (self.worked_rounds + 1) * self.worked


FULL = Effort()
QUICK = Effort(
    large=100_000,
    rounds=5,
    short_rounds=11,
    told=20_000,
    caught_up=1_500,
    one_by_one=30,
    worked=5_000,
    worked_rounds=5,
)
TINY = Effort(
    small=600,
    common=1_000,
    large=1_200,
    rounds=1,
    short_rounds=1,
    processes=2,
    cycles=1,
    alone=1,
    bulk=20,
    told=200,
    caught_up=60,
    one_by_one=5,
    worked=200,
    worked_rounds=1,
)


class Site:
    """One size of the history. Databases are filled when they are first asked for."""

    def __init__(self, server: Server, name: str, events: int, long: int) -> None:
        self.server = server
        self.name = name
        self.events = events
        self.long = long

    @cached_property
    def corpus(self) -> Corpus:
        with self._made("ours", f"{self.events:,} events") as url:
            return history.write_ours(url, self.events, long=self.long)

    @cached_property
    def raw(self) -> str:
        """A copy of our tables before anything is measured."""
        ours = self.corpus.url
        with self._made("raw", "a copy for the driver alone") as url:
            history.write_floor(url, ours)
        return url

    @cached_property
    def bare(self) -> str:
        """Another that only the statement of the append writes to."""
        ours = self.corpus.url
        with self._made("bare", "a copy for the append alone") as url:
            history.write_floor(url, ours, guarded=True)
        return url

    @cached_property
    def stock(self) -> str:
        with self._made("stock", f"{self.events:,} stock events") as url:
            history.write_stock(url, self.events, long=self.long)
        return url

    @contextmanager
    def _made(self, kind: str, what: str) -> Iterator[str]:
        with _made(self.server, f"{self.name}_{kind}", what) as url:
            yield url


class Coming:
    """A history that goes on while read models are measured; nobody else writes to it."""

    def __init__(self, server: Server, events: int, begun: int) -> None:
        self.url = server.database("coming")
        self._server = server
        self._events = events
        self._begun = begun

    @cached_property
    def feed(self) -> history.Feed:
        with _made(self._server, "coming", f"{self._begun:,} of {self._events:,} events") as url:
            return history.Feed(url, self._events, begun=self._begun)

    def twin(self) -> tuple[str, history.Feed]:
        """A copy of it as it is now, where the same goes on; nobody may be in it meanwhile."""
        feed = self.feed
        self._server.sql("CREATE DATABASE coming_too TEMPLATE coming")
        url = self._server.database("coming_too")
        return url, feed.twin(url)


@contextmanager
def _made(server: Server, name: str, what: str) -> Iterator[str]:
    start = time.perf_counter()
    server.sql(f"CREATE DATABASE {name}")
    yield server.database(name)
    tell(f"  writing {what}: {time.perf_counter() - start:.1f} s")


@dataclass(frozen=True, slots=True)
class Bench:
    """One server: a history on which all contend, a small and a large one of ours, and how much to do with each."""

    server: Server
    effort: Effort
    common: Site
    small: Site
    large: Site
    coming: Coming

    @classmethod
    def on(cls, server: Server, effort: Effort) -> Bench:
        return cls(
            server,
            effort,
            Site(server, "common", effort.common, effort.long),
            Site(server, "small", effort.small, effort.long_alone),
            Site(server, "large", effort.large, effort.long_alone),
            Coming(server, effort.fed, effort.caught_up),
        )

    def served(self) -> float:
        """Seconds of processor time that the processes of the server have taken."""
        main = psutil.Process(int((self.server.directory / "postmaster.pid").read_text().split()[0]))
        taken = 0.0
        for process in (main, *main.children()):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            taken += times.user + times.system
        return taken

    def durability(self) -> str:
        """What the server says of it."""
        names = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers")
        with psycopg.connect(self.server.url) as connection:
            values = [(name, (connection.execute(f"SHOW {name}").fetchone() or ("",))[0]) for name in names]
        return ", ".join(f"`{name}={value}`" for name, value in values) + " for all"

    def version(self) -> str:
        with psycopg.connect(self.server.url) as connection:
            (version,) = connection.execute("SHOW server_version").fetchone() or ("",)
        return f"PostgreSQL {version}, psycopg {psycopg.__version__}"

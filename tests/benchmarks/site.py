"""Where a benchmark runs: the same history at two sizes, in our file, in a raw copy of it and in a stock file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from .corpus import LONG, Corpus, write
from .raw import Floor, Written, settle, write_raw
from .stock import Mentoring, open_stock
from .stock_corpus import write_stock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much of everything one turn does; `long` cycles must suffice for all turns of `rounds`."""

    rounds: int = 7
    cycles: int = 6
    threaded: int = 160
    bulk: int = 1000
    loads: int = 40
    replayed: int = 20_000
    caught_up: int = 5_000
    one_by_one: int = 120
    queries: int = 30
    processes: int = 5

    @property
    def long(self) -> int:
        """Each round takes cycles for two ways of commanding, and there is a warm-up; loads share the rest."""
        return 2 * (self.rounds + 1) * self.cycles + 12


FULL = Effort()
QUICK = Effort(rounds=5, cycles=4, threaded=80, replayed=5_000, caught_up=1_500, one_by_one=50)
TINY = Effort(1, 1, 8, 20, 4, 200, 60, 5, 2, 1)


class Site:
    """One size of the history. Files are written when they are first asked for."""

    def __init__(self, directory: Path, events: int, effort: Effort) -> None:
        self.directory = directory
        self.events = events
        self.effort = effort
        self.long = max(2, min(effort.long, events // (2 * LONG)))

    @cached_property
    def corpus(self) -> Corpus:
        """Our log, and beside it the raw copy, made before anything is measured."""
        path = self.directory / f"ours-{self.events}.db"
        corpus = _told(f"writing {self.events:,} events", lambda: write(path, self.events, long=self.long))
        settle(path)
        write_raw(self.raw_path, path)
        return corpus

    @property
    def raw_path(self) -> Path:
        return self.directory / f"raw-{self.events}.db"

    @cached_property
    def stock_path(self) -> Path:
        """The stock library's file with the same history."""
        path = self.directory / f"stock-{self.events}.db"
        _told(f"writing {self.events:,} stock events", lambda: write_stock(path, self.events, long=self.long))
        settle(path)
        return path

    def floor(self) -> Floor:
        assert self.corpus
        return Floor(self.raw_path)

    def written(self) -> Written:
        return Written(self.corpus.path)

    def stock(self, *, cached: int = 0) -> Mentoring:
        return open_stock(self.stock_path, cached=cached)


@dataclass(frozen=True, slots=True)
class Bench:
    """A small history, a large one, and how much to do with each."""

    directory: Path
    small: Site
    large: Site
    effort: Effort

    @classmethod
    def at(cls, directory: Path, small: int, large: int, effort: Effort) -> Bench:
        return cls(directory, Site(directory, small, effort), Site(directory, large, effort), effort)

    @property
    def sites(self) -> tuple[Site, Site]:
        return self.small, self.large


def tell(text: str) -> None:
    """Say on the error stream what is going on."""
    print(text, file=sys.stderr, flush=True)


def _told(what: str, work: Callable[[], T]) -> T:
    start = time.perf_counter()
    result = work()
    tell(f"  {what}: {time.perf_counter() - start:.1f} s")
    return result

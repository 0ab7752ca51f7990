"""Where a benchmark runs: the same history at two sizes, in our file, in a raw copy of it and in a stock file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from .corpus import Corpus, write
from .raw import Floor, Written, settle, write_raw
from .stock import Mentoring, open_stock
from .stock_corpus import write_stock

T = TypeVar("T")

LOADED = 6


@dataclass(frozen=True, slots=True)
class Effort:
    """How many rounds, and how much of everything one turn does; turns of single commands are short and many."""

    rounds: int = 7
    short_rounds: int = 21
    cycles: int = 3
    threaded: int = 24
    bulk: int = 1000
    loads: int = 40
    replayed: int = 20_000
    caught_up: int = 5_000
    one_by_one: int = 120
    queries: int = 30
    processes: int = 5

    @property
    def long(self) -> int:
        """Long cycles for all rounds and a warm-up of two ways of commanding, and some to load."""
        return 2 * (self.short_rounds + 1) * self.cycles + LOADED

    @property
    def long_with_threads(self) -> int:
        """The same, and those for four numbers of threads."""
        return self.long + 4 * (self.rounds + 1) * self.threaded


FULL = Effort()
QUICK = Effort(rounds=5, short_rounds=11, threaded=16, replayed=5_000, caught_up=1_500, one_by_one=50)
TINY = Effort(1, 1, 1, 1, 20, 4, 200, 60, 5, 2, 1)


class Site:
    """One size of the history. Files are written when they are first asked for."""

    def __init__(self, directory: Path, events: int, effort: Effort, long: int) -> None:
        self.directory = directory
        self.events = events
        self.effort = effort
        self.long = long

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
        return cls(
            directory,
            Site(directory, small, effort, effort.long),
            Site(directory, large, effort, effort.long_with_threads),
            effort,
        )

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

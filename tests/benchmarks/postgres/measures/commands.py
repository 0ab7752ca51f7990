"""Durable commands from one process and from many, each on cycles of its own: load, decide, append one event."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import psycopg

from ...corpus import Pair
from ...report import Bar, Row
from ...rounds import Sample, Turn, rounds
from ..contestants import Share
from ..crew import Crew, crew
from ..history import COLUMNS
from ..site import Bench

NAMES = ("ours", "raw", "stock", "bare")
STORED = f"SELECT {', '.join(COLUMNS['events'])} FROM mentorcycle.events WHERE tx > %s ORDER BY tx, n"


def measure(bench: Bench) -> list[Row]:
    sizes = (1, bench.effort.processes)
    with ExitStack() as stack:
        contest = Contest(bench, stack)
        for size in sizes:
            contest.ours(size, -1)
            contest.stock(size, -1)
            contest.bare(size, -1)
        turns: dict[str, Turn] = {}
        for name in NAMES:
            turns.update({f"{name} {size}": partial(getattr(contest, name), size) for size in sizes})
        found = rounds(bench.effort.rounds, turns)
        return _rows(bench, found, contest.crews)


class Contest:
    """Ours and stock take the same cycles, fresh ones every time; the others write rows that ours has written."""

    def __init__(self, bench: Bench, stack: ExitStack) -> None:
        site, effort, served = bench.common, bench.effort, bench.served
        corpus, size = site.corpus, effort.processes
        self._now = corpus.now
        self._pairs: dict[int, list[list[Sequence[Pair]]]] = {
            count: [[corpus.take_long(effort.cycles) for _ in range(count)] for _ in range(effort.rounds + 1)]
            for count in (1, size)
        }
        databases = {"raw": site.raw, "bare": site.bare, "stock": site.stock}
        self.crews = {
            "ours": stack.enter_context(crew("ours", size, served, url=corpus.url, now=corpus.now)),
            **{
                name: stack.enter_context(crew(name, size, served, url=url))
                for name, url in databases.items()
            },
        }
        self._look = stack.enter_context(psycopg.connect(corpus.url, autocommit=True))
        self._rows: dict[int, deque[list[Any]]] = {count: deque() for count in (1, size)}
        self._last: dict[int, list[Any]] = {}

    def ours(self, size: int, number: int) -> tuple[int, float]:
        (mark,) = self._look.execute("SELECT max(tx) FROM mentorcycle.arrivals").fetchone() or (0,)
        result = self.crews["ours"].turn(self._shares(size, number))
        rows = self._look.execute(STORED, (mark,)).fetchall()
        self._last[size] = [rows[start::size] for start in range(size)]
        self._rows[size].append(self._last[size])
        return result

    def stock(self, size: int, number: int) -> tuple[int, float]:
        return self.crews["stock"].turn(self._shares(size, number))

    def raw(self, size: int, number: int) -> tuple[int, float]:
        """Rows of an earlier turn of ours, each once: the warm-up has left some."""
        return self.crews["raw"].turn(self._rows[size].popleft())

    def bare(self, size: int, number: int) -> tuple[int, float]:
        """The same events again, in streams of their own."""
        return self.crews["bare"].turn(self._last[size])

    def _shares(self, size: int, number: int) -> list[Share]:
        return [Share(pairs, self._now) for pairs in self._pairs[size][number]]


def _rows(bench: Bench, found: dict[str, Sample], crews: dict[str, Crew]) -> list[Row]:
    many, events = bench.effort.processes, bench.common.events

    def bars(size: int, to_stock: float, to_raw: float) -> list[Bar]:
        ours = found[f"ours {size}"]
        with_ = f", {size} processes" if size > 1 else ""
        return [
            Bar(ours.faster_than(found[f"stock {size}"]), f"stock{with_}", least=to_stock),
            Bar(ours.faster_than(found[f"raw {size}"]), f"raw{with_}", least=to_raw),
            Bar(
                found[f"bare {size}"].faster_than(found[f"raw {size}"]), "raw is the append alone, no engine"
            ),
        ]

    def row(title: str, size: int, bars: Sequence[Bar]) -> Row:
        ours, raw, stock = (found[f"{name} {size}"] for name in ("ours", "raw", "stock"))
        return Row(title, events, "/s", ours, raw, stock, bars)

    scaled = [
        Bar(found[f"ours {many}"].faster_than(found["ours 1"]), "our one process", least=1.6),
        Bar(found[f"raw {many}"].faster_than(found["raw 1"]), "raw, one process: raw"),
    ]
    return [
        row("single durable command, 1 process", 1, bars(1, 2.5, 0.35)),
        row(f"durable commands, {many} processes", many, [*scaled, *bars(many, 4, 0.4)]),
        _processor_time(events, many, crews),
    ]


def _processor_time(events: int, many: int, crews: dict[str, Crew]) -> Row:
    """What bounds many processes on few cores."""
    spent = {name: Sample((crew.spent[many] / crew.done[many],)) for name, crew in crews.items()}
    ours = crews["ours"]
    bars = [
        Bar(spent["ours"].typical / spent["raw"].typical, "raw"),
        Bar(ours.own[many] / ours.spent[many], "all of it is the processes' own"),
        Bar(spent["bare"].typical / spent["raw"].typical, "raw is the append alone, no engine"),
    ]
    title = f"… processor time of each, {many} processes and the server"
    return Row(title, events, "µs", spent["ours"], spent["raw"], spent["stock"], bars)

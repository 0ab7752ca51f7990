"""Durable commands from 1, 2, 4 and 8 threads on one application object, every thread on cycles of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from threading import Barrier, Thread
from time import perf_counter

from ..lives import COORDINATOR
from ..mix import Act, in_turn
from ..report import Bar, Row
from ..rounds import Turn, rounds
from ..site import Bench, Site

THREADS = (1, 2, 4, 8)


def measure(bench: Bench) -> list[Row]:
    site = bench.large
    with ExitStack() as stack:
        turns = _turns(site, stack)
        for turn in turns.values():
            turn(-1)
        found = rounds(bench.effort.rounds, turns)
    rows = []
    for count in THREADS:
        ours, stock = found[f"ours {count}"], found[f"stock {count}"]
        bars = [Bar(ours.faster_than(stock), f"stock, {count} threads", least=4 if count == 8 else None)]
        if count == 8:
            bars.append(Bar(ours.faster_than(found["ours 1"]), "our one thread", least=0.9))
        title = f"durable commands, {count} thread{'s' if count > 1 else ''}"
        rows.append(Row(title, site.events, "/s", ours, None, stock, bars))
    return rows


def _turns(site: Site, stack: ExitStack) -> dict[str, Turn]:
    """Ours and stock take the same long cycles, fresh ones for every number of threads and every round."""
    corpus = site.corpus
    engine = stack.enter_context(corpus.engine())
    app = stack.enter_context(site.stock())
    taken = {
        count: [corpus.take_long(site.effort.threaded) for _ in range(site.effort.rounds + 1)]
        for count in THREADS
    }

    def ours(act: Act) -> None:
        engine.execute(act.command, act.actor).or_raise()

    def stock(act: Act) -> None:
        app.record(act.command.cycle, *act.call)  # type: ignore[attr-defined]

    def turn(do: Callable[[Act], None], threads: int, number: int) -> tuple[int, float]:
        pairs = taken[threads][number]
        if do is ours:
            for pair in pairs:
                engine.cycle(pair.cycle, COORDINATOR)
        shares = [in_turn(pairs[start::threads], corpus.now) for start in range(min(threads, len(pairs)))]
        return sum(map(len, shares)), _together(shares, do)

    return {
        f"{name} {count}": partial(turn, do, count)
        for count in THREADS
        for name, do in (("ours", ours), ("stock", stock))
    }


def _together(shares: Sequence[Sequence[Act]], do: Callable[[Act], None]) -> float:
    """Seconds from the common start to the last end; raises what a thread raised."""
    barrier = Barrier(len(shares) + 1)
    errors: list[BaseException] = []

    def work(share: Sequence[Act]) -> None:
        barrier.wait()
        try:
            for act in share:
                do(act)
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=work, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = perf_counter()
    for thread in threads:
        thread.join()
    took = perf_counter() - start
    if errors:
        raise errors[0]
    return took

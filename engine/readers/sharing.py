"""How workers share what there is to feed: evenly, and with as little moved as can be.

Pure: everybody who knows the same comes to the same, so nobody has to be asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias

Unit: TypeAlias = tuple[str, int]
"""A part of a read model, by name and number."""


class WorkerStatus(NamedTuple):
    """A worker that takes part: when it began, how many seconds ago it gave a sign of life, how many parts it feeds.

    `backend` is the server's process for its session.
    """

    name: str
    backend: int
    since: datetime
    heartbeat: float
    units: int

    @property
    def words(self) -> str:
        """Who it is."""
        return f"worker {self.name} (backend {self.backend}, heartbeat {self.heartbeat:.0f} s ago)"


class Workers(NamedTuple):
    """Who works, and who feeds what for as long as they live."""

    all: tuple[WorkerStatus, ...] = ()
    owners: Mapping[Unit, WorkerStatus] = {}


def shared_out(
    units: Iterable[Unit], willing: Mapping[int, Collection[str]], held: Mapping[Unit, int]
) -> dict[Unit, int]:
    """Who is to feed what, by the number of a worker. `willing` says for which read models each of them works.

    What is held stays where it is as long as nobody who is willing has two less.
    """
    units = sorted(units)
    wanted = {unit: held[unit] for unit in units if unit[0] in willing.get(held.get(unit, 0), ())}
    load = dict.fromkeys(willing, 0)
    for worker in wanted.values():
        load[worker] += 1

    def least(unit: Unit) -> int | None:
        able = [worker for worker, models in willing.items() if unit[0] in models]
        return min(able, key=lambda worker: (load[worker], worker), default=None)

    for unit in units:
        taker = None if unit in wanted else least(unit)
        if taker is not None:
            wanted[unit] = taker
            load[taker] += 1
    moved = True
    while moved:
        moved = False
        for unit, worker in sorted(wanted.items(), key=lambda item: (-load[item[1]], item[1], item[0])):
            taker = least(unit)
            if taker is not None and load[taker] + 1 < load[worker]:
                wanted[unit] = taker
                load[taker] += 1
                load[worker] -= 1
                moved = True
                break
    return wanted

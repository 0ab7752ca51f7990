"""How workers share what there is to feed: evenly, and with as little moved as can be.

Pure: everybody comes to the same about what they know in common, so nobody has to be asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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

    Read models for which the same workers are willing are shared among them as if there were no others: a worker may
    not know what others feed beside them, such as a version that only a newer program has. What is held stays where it
    is as long as nobody who is willing has two less of these.
    """
    circles: dict[frozenset[int], list[Unit]] = {}
    for unit in sorted(units):
        able = frozenset(worker for worker, models in willing.items() if unit[0] in models)
        circles.setdefault(able, []).append(unit)
    wanted: dict[Unit, int] = {}
    for able, of_these in circles.items():
        if able:
            wanted |= _evenly(of_these, able, held)
    return wanted


def _evenly(units: Sequence[Unit], able: Collection[int], held: Mapping[Unit, int]) -> dict[Unit, int]:
    wanted = {unit: held[unit] for unit in units if held.get(unit) in able}
    load = dict.fromkeys(able, 0)
    for worker in wanted.values():
        load[worker] += 1

    def least() -> int:
        return min(able, key=lambda worker: (load[worker], worker))

    for unit in units:
        if unit not in wanted:
            wanted[unit] = least()
            load[wanted[unit]] += 1
    while load[most := max(able, key=lambda worker: (load[worker], -worker))] > load[least()] + 1:
        unit = min(unit for unit, worker in wanted.items() if worker == most)
        wanted[unit] = least()
        load[most] -= 1
        load[wanted[unit]] += 1
    return wanted

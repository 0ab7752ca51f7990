"""Every measure, in the order of the report. Those that only read the log come before those that add to it."""

from __future__ import annotations

from collections.abc import Callable

from ..report import Row
from ..site import Bench
from . import bulk, commands, listing, past, readers, replay, size, threads

Measure = Callable[[Bench], list[Row]]

MEASURES: dict[str, Measure] = {
    "size": size.measure,
    "load": replay.loads,
    "log": replay.log,
    "readers": readers.measure,
    "past": past.measure,
    "list": listing.measure,
    "commands": commands.measure,
    "threads": threads.measure,
    "bulk": bulk.measure,
}

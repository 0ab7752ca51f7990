"""Every measure of PostgreSQL, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable

from ...report import Row
from ..site import Bench
from . import bulk, commands, growth, readers, tailing, workers

Measure = Callable[[Bench], list[Row]]

MEASURES: dict[str, Measure] = {
    "commands": commands.measure,
    "bulk": bulk.measure,
    "tailing": tailing.measure,
    "readers": readers.measure,
    "workers": workers.measure,
    "growth": growth.measure,
}

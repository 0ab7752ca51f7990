"""The table of `docs/scale.md`: for every size what it asks, what it fills, and how many databases it takes."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from .costs import Costs
from .load import BULK, Load

SIZES = (
    ("a school", 200),
    ("a district", 10_000),
    ("a large district", 80_000),
    ("a state", 300_000),
    ("a country", 4_000_000),
    ("a continent", 20_000_000),
    ("every teacher", 85_000_000),
)
YEARS = 7
"""How long everything is kept."""
UNFORESEEN = 3.0
"""How much busier an hour may be than the simulated years know: reminders, deadlines, a district that catches up."""
FULL = 0.5
"""How much of what a server can take it is given."""
DISK = 2e12
"""Bytes that one server may hold and still be copied, restored and vacuumed in a night."""

HEADER = (
    "| | teachers | events a year | log and read models<br>after 7 years | WAL a school day"
    " | busiest second<br>commands | of one server | busiest hour of batches<br>events/s"
    " | read models made anew<br>by one worker | databases |"
)
RULE = "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
DAYS = 180


def table(load: Load, costs: Costs) -> str:
    """All sizes, as Markdown."""
    return "\n".join([HEADER, RULE, *_rows(load, costs)])


def asked(load: Load) -> str:
    """What a teacher asks for in a year, as a sentence."""
    return (
        f"In {load.schools} simulated years (of {load.teachers:.0f} teachers each) a teacher came to {load.events:.1f}"
        f" events: {load.commands:.1f} single commands, and {load.bulk_events:.1f} events in batches of {BULK} or more"
        f" (rosters, pairings, the opening of cycles). {load.busiest_hour:.2%} of the year's single commands fell"
        f" into its busiest hour, and {load.busiest_bulk_hour:.0%} of the events of batches into theirs, in August."
    )


def databases(load: Load, costs: Costs, teachers: int) -> int:
    """How many servers like the measured one: by commands, by batches, and by what they hold."""
    commands = load.peak(teachers, UNFORESEEN) / (costs.speeds.commands * FULL)
    batches = load.bulk_peak(teachers) / (costs.speeds.bulk_events * FULL)
    return max(1, ceil(commands), ceil(batches), ceil(_held(load, costs, teachers) / DISK))


def _held(load: Load, costs: Costs, teachers: int) -> float:
    return teachers * load.events * YEARS * (costs.bytes.log + costs.bytes.models)


def _rows(load: Load, costs: Costs) -> Iterator[str]:
    for name, teachers in SIZES:
        events = teachers * load.events
        peak = load.peak(teachers, UNFORESEEN)
        cells = (
            name,
            f"{teachers:,}",
            _figures(events),
            _bytes(_held(load, costs, teachers)),
            _bytes(events * costs.bytes.wal / DAYS),
            f"{peak:,.0f}",
            f"{peak / costs.speeds.commands:.1%}",
            f"{load.bulk_peak(teachers):,.1f}",
            _time(events * YEARS / costs.speeds.read_model_events),
            str(databases(load, costs, teachers)),
        )
        yield f"| {' | '.join(cells)} |"


def _figures(number: float) -> str:
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"


def _bytes(number: float) -> str:
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number / 1e3:.3g} kB"


def _time(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s"

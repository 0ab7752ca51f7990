"""What teachers ask of a database in a school year: simulated years of many schools, lived in memory, and counted.

Every school lives the same calendar in the same time zone, so their busiest hours fall together: what is reckoned
from here is never too little. Not for how fast anything is; that is in `costs`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import exp, sqrt
from random import Random
from statistics import fmean

from mentorcycle.engine.simulation.demo import open_demo
from mentorcycle.engine.simulation.year import run

HOUR = 3_600_000_000
BULK = 4
"""Events recorded at one instant from which on it is an import or another batch, and no single command."""

MOST_DRAWN = 200.0
"""Above this mean, a Poisson number is drawn as a normal one."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a year asks for one teacher; the shares are of all its single commands, or events of batches."""

    schools: int
    teachers: float
    events: float
    commands: float
    bulk_events: float
    busiest_hour: float
    busiest_bulk_hour: float

    def peak(self, teachers: int, unforeseen: float) -> float:
        """Single commands in the busiest second of an hour `unforeseen` times as busy as the busiest was."""
        return busiest_second(teachers * self.commands * self.busiest_hour * unforeseen / 3600)

    def bulk_peak(self, teachers: int) -> float:
        """Events a second of batches, all through the hour in which most are sent."""
        return teachers * self.bulk_events * self.busiest_bulk_hour / 3600


def lived(schools: int = 6) -> Load:
    """Live the year of so many schools, each with a seed of its own."""
    people = events = commands = bulk = 0
    hours: Counter[int] = Counter()
    bulk_hours: Counter[int] = Counter()
    for seed in range(schools):
        engine, clock = open_demo(seed=seed)
        with engine:
            people += run(engine, clock, seed).people
            rows = engine.store.read_log(0, 10**9)
        events += len(rows)
        for instant, n in Counter(row.recorded_at for row in rows).items():
            if n >= BULK:
                bulk += n
                bulk_hours[instant // HOUR] += n
            else:
                commands += 1
                hours[instant // HOUR] += 1
    return Load(
        schools,
        people / schools,
        events / people,
        commands / people,
        bulk / people,
        max(hours.values()) / commands,
        max(bulk_hours.values()) / bulk,
    )


def busiest_second(mean: float, hours: int = 20, seed: int = 2026) -> float:
    """The busiest of an hour's 3,600 seconds when commands come independently, averaged over some simulated hours."""
    draw = Random(seed)
    return fmean(max(_poisson(draw, mean) for _ in range(3600)) for _ in range(hours))


def _poisson(draw: Random, mean: float) -> int:
    if mean > MOST_DRAWN:
        return max(0, round(draw.gauss(mean, sqrt(mean))))
    left, n = exp(-mean), 0
    product = draw.random()
    while product > left:
        product *= draw.random()
        n += 1
    return n

"""A simulated school year: open an empty store, live the year, look at it. Not for tests of single rules."""

from .clock import SimulatedClock
from .demo import SEED, open_demo
from .roster import roster_csv
from .year import LookBack, Year, run

__all__ = ["SEED", "LookBack", "SimulatedClock", "Year", "open_demo", "roster_csv", "run"]

"""Opens the engine in which a simulated year is to be lived: seeded, with programme, definition and calendar.

Not for the file in which a demo is kept (see `demo_file`).
"""

from __future__ import annotations

from random import Random

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import InvalidInput
from mentorcycle.engine import Engine, Settings

from . import term
from .clock import SimulatedClock

SEED = 2026


def open_demo(url: str = "memory://", seed: int = SEED) -> tuple[Engine, SimulatedClock]:
    """An engine on an empty store and the clock it runs by; the caller closes the engine.

    Raises `InvalidInput` for a store that holds events: a simulated year is not mixed with a real one.
    """
    clock = SimulatedClock(term.local(term.START, 8 * 60))
    entropy = Random(f"{seed}:entropy").randbytes
    engine = Engine.open(url, settings=Settings(clock=clock, entropy=entropy))
    try:
        if events := engine.store.head():
            raise InvalidInput(
                f"the simulated year is not written to {url}",
                f"it holds {events} events already",
                "name a new file, or delete that one",
            )
        coordinator = Actor.coordinator()
        engine.ensure_programme(coordinator, name=term.PROGRAMME, zone=term.ZONE)
        engine.execute(c.CloseSchool(term.closures()), coordinator).or_raise()
    except BaseException:
        engine.close()
        raise
    return engine, clock

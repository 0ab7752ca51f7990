"""Where every act of the simulated year goes through: it is asked of the engine, and refusals are counted.

Not a wrapper of rules: what may be done only the engine knows, and what it says is what happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Advance, Command
from mentorcycle.domain.cycle import Cycle
from mentorcycle.domain.people import Person
from mentorcycle.domain.refusal import Refused
from mentorcycle.engine import Batch, Engine, Receipt

from .clock import SimulatedClock

OFFICE = Actor.coordinator()


class Desk:
    """Acts of one year. `refusals` counts every reason by its code, `example` is the refusal with most to say."""

    def __init__(self, engine: Engine, clock: SimulatedClock) -> None:
        self.engine = engine
        self.clock = clock
        self.refusals: Counter[str] = Counter()
        self.refused = 0
        self.example: Refused | None = None

    def do(self, command: Command, actor: Actor = OFFICE, *, occurred_at: datetime | None = None) -> Receipt:
        """Something that goes through; raise `RefusedError` when it does not."""
        return self.engine.execute(command, actor, occurred_at=occurred_at).or_raise()

    def attempt(self, command: Command, actor: Actor = OFFICE) -> bool:
        """Something that may well be refused; whether it was taken."""
        result = self.engine.execute(command, actor)
        if isinstance(result, Refused):
            self._count(result, command)
            return False
        return True

    def would_refuse(self, command: Command) -> None:
        """Something that is looked at and not done: a refusal counts, and what would be taken is left alone."""
        result = self.engine.execute(command, OFFICE, dry_run=True)
        if isinstance(result, Refused):
            self._count(result, command)

    def many(self, commands: Sequence[Command], actor: Actor = OFFICE) -> Batch:
        """Many acts in one commit; some of them may be refused."""
        batch = self.engine.execute_many(commands, actor)
        for command, result in zip(commands, batch.results, strict=True):
            if isinstance(result, Refused):
                self._count(result, command)
            else:
                result.or_raise()
        return batch

    def cycle(self, id: str) -> Cycle:
        return self.engine.cycle(id, OFFICE)

    def people(self, ids: Sequence[str]) -> list[Person]:
        """Everybody as they are now."""
        return [self.engine.person(id, OFFICE) for id in ids]

    def _count(self, refused: Refused, command: Command) -> None:
        self.refused += 1
        self.refusals.update(refusal.code for refusal in refused.refusals)
        best = len(self.example.refusals) if self.example else 0
        if isinstance(command, Advance) and len({r.code for r in refused.refusals}) > best:
            self.example = refused

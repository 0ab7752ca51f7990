"""What became of a command: a receipt, a refusal, or the error that kept it from being decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Never, Self

from mentorcycle.domain.errors import MentorcycleError
from mentorcycle.domain.events import CycleOpened, PersonAdded
from mentorcycle.domain.ids import subject_of
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.refusal import Refused


@dataclass(frozen=True, slots=True)
class Receipt:
    """A command that was taken and is durable. The same command id always gives an equal receipt.

    `subject` is the id of what it was about (of what it opened or added, if it did); `events` may be empty: then
    it was already so. `last` is the position a reader must have reached to see it.
    """

    command_id: str
    subject: str
    first: int
    last: int
    recorded_at: datetime
    events: tuple[Recorded[Any], ...]
    repeated: bool = field(default=False, compare=False)

    def or_raise(self) -> Self:
        """This receipt; the counterpart of `Refused.or_raise`."""
        return self

    @property
    def already_so(self) -> bool:
        return not self.events


@dataclass(frozen=True, slots=True)
class Pending:
    """A command that was taken in a host's transaction: it lasts if that is committed, and no position is known before.

    So its `events` have position 0. `repeated`: the command had been taken before, in another transaction or this one.
    """

    command_id: str
    subject: str
    events: tuple[Recorded[Any], ...]
    repeated: bool = field(default=False, compare=False)

    def or_raise(self) -> Self:
        """This answer; the counterpart of `Refused.or_raise`."""
        return self

    @property
    def already_so(self) -> bool:
        return not self.events


@dataclass(frozen=True, slots=True)
class Failed:
    """A command of a batch that could not be decided or written; the others went on."""

    error: MentorcycleError

    def or_raise(self) -> Never:
        """Raise the error."""
        raise self.error


Result = Receipt | Refused | Failed


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of many commands: one result a command, in their order."""

    id: str
    results: tuple[Result, ...]

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        return tuple(r for r in self.results if isinstance(r, Receipt))

    @property
    def refused(self) -> tuple[Refused, ...]:
        return tuple(r for r in self.results if isinstance(r, Refused))


_BEGINNINGS = (CycleOpened, PersonAdded)


def subject_of_events(events: tuple[Recorded[Any], ...], otherwise: str) -> str:
    """What a command was about: what it opened or added, else what its first event is about."""
    for recorded in events:
        if isinstance(recorded.event, _BEGINNINGS):
            return subject_of(recorded.stream)
    return subject_of(events[0].stream) if events else otherwise

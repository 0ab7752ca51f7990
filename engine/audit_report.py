"""What a verification says: which checks were made, what they found, and what nobody has proved.

Of one check's findings the first hundred are kept and the rest is counted: a log that is all wrong needs no more room.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .readers import LeftOut
from .readers.replay import Compared

MOST = 100
NOT_PROVED = (
    "no outside checkpoint is compared: a rewrite of the whole file by someone who can write it cannot be excluded",
    "who was permitted to do what, and requirements, are not checked again: an event that somebody altered or added is"
    " not told from one that could have been recorded so",
)
A_PART = (
    "this role is shown a part of the log alone: nothing is said of the rest, nor whether events are missing"
    " between those that it may see"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: which check found it, at which position, in a sentence."""

    check: str
    position: int
    what: str


@dataclass(slots=True)
class Verification:
    """What was checked and what was found; without findings, everything that was checked holds.

    `found` counts the findings of each check, also those that are not kept in `findings`. `whole` says that every
    event could be looked at, and not a part that the database shows to a role. `models` are read models beside a
    replay without the events in `left_out`.
    """

    events: int = 0
    cycles: int = 0
    head: int = 0
    whole: bool = True
    words: int = 0
    findings: list[Finding] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    models: list[Compared] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    not_proved: tuple[str, ...] = NOT_PROVED

    @property
    def holds(self) -> bool:
        return not self.found

    def find(self, check: str, position: int, what: str) -> None:
        self.found[check] += 1
        if self.found[check] <= MOST:
            self.findings.append(Finding(check, position, what))

    def of(self, check: str) -> list[Finding]:
        """Findings of one check, as far as they are kept."""
        return [finding for finding in self.findings if finding.check == check]

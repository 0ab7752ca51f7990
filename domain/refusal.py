"""A refusal is a value: what is refused, why, and what would help.

Not an exception; `or_raise` makes one for those who prefer it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Never

from .errors import MentorcycleError

Fact = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a command is not taken.

    `code` is stable (kebab-case) and may be matched on; `what`, `why` and `fix` are sentences for people;
    `facts` are the values that the sentences speak of. `permission` marks *not permitted*, as
    apart from unmet requirements. No refusal ever carries words of a participant.
    """

    code: str
    what: str
    why: str
    fix: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    permission: bool = False


class RefusedError(MentorcycleError):
    """Raised by `Refused.or_raise`; carries the same refusals."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        first = refusals[0]
        super().__init__(first.what, "; ".join(r.why for r in refusals), first.fix)
        self.refusals = refusals

    @property
    def not_permitted(self) -> bool:
        """True only when every refusal is a permission."""
        return all(refusal.permission for refusal in self.refusals)


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was written; `refusals` holds every reason at once, never none."""

    refusals: tuple[Refusal, ...]

    @property
    def not_permitted(self) -> bool:
        """True only when every refusal is a permission."""
        return all(refusal.permission for refusal in self.refusals)

    def or_raise(self) -> Never:
        """Raise `RefusedError` with the same refusals."""
        raise RefusedError(self.refusals)

"""Questions to the log itself: what happened to a cycle, person or programme, and how it stood at a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.recorded import Recorded

from .asked import Asked, refuse

if TYPE_CHECKING:
    from ..audit import Verification
    from ..states import State


class PastQuestions(Asked):
    """The past, folded from the log alone; what it takes is loaded when it is first asked for."""

    def history(
        self, ref: str, actor: Actor, *, upto: int | None = None, words: bool = False
    ) -> tuple[Recorded[Any], ...]:
        """All events of a cycle, person or programme up to a position; see `Engine.history`."""
        return self._past.events(ref, actor, upto=upto, words=words)

    def as_of(self, ref: str, at: int | datetime, actor: Actor) -> State:
        """The state at a position or an aware instant of recording; see `Engine.as_of`."""
        return self._past.as_of(ref, at, actor)

    def verify(
        self, actor: Actor, *, replay: bool = True, progress: Callable[[int, int], None] | None = None
    ) -> Verification:
        """Check the whole log, and with `replay` the file and every read model too; see `audit`.

        A log is whole or it is not, so what is checked is that of all programmes and tenants: whoever is bounded
        to one programme is refused. Findings may name streams of other tenants.
        """
        self._for_staff(actor, "the verification of the log")
        if actor.programme is not None:
            refuse(
                "the log is not verified",
                f"it is checked as a whole, and this actor is bounded to the programme {actor.programme}",
                "let an auditor of all programmes verify it",
                programme=actor.programme,
            )
        from ..audit import verify, verify_all

        if replay:
            return verify_all(self.readers, progress=progress)
        return verify(self.store, progress=progress)

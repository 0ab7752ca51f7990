"""Questions to the log itself: what happened to a cycle, person or programme, and how it stood at a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.recorded import Recorded

from .asked import Asked

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
        """Check the whole log, and with `replay` the file and every read model too; see `audit`."""
        self._for_staff(actor, "the verification of the log")
        from ..audit import verify, verify_all

        return (
            verify_all(self.readers, progress=progress) if replay else verify(self.store, progress=progress)
        )

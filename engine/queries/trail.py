"""Questions to the audit trail: who did what and when, without what was said; and which batches there were.

Participants are given what happened to their own cycle or to themselves, from the log.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.vocabulary import Role
from mentorcycle.projections.trail import BatchMember, BatchRow, TrailRow

from .asked import Asked


class TrailQuestions(Asked):
    """The trail of everything, for coordinators and auditors."""

    def trail(
        self,
        actor: Actor,
        *,
        ref: str | None = None,
        by: str | None = None,
        batch: str | None = None,
        names: Collection[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
        before: int | None = None,
        newest_first: bool = True,
        limit: int = 50,
    ) -> list[TrailRow]:
        """Events that match every filter; `ref` is the id of a cycle, person or programme, `by` of an actor.

        `since` and `until` bound the instant of recording (`since` <= it < `until`).
        """
        positions = None
        if ref is None:
            self._for_staff(actor, "the audit trail")
        else:
            from ..history import History, stream_of  # loads what a list of cycles never needs

            if actor.role is Role.PARTICIPANT:
                History(self.store, self.tenant).events(ref, actor)  # raises unless it is theirs
            positions = [row.position for row in self.store.read_stream(self.tenant, stream_of(ref))]
        with self.readers.view() as view:
            return view.trail.page(
                self.tenant,
                positions=positions,
                actor=by,
                batch=batch,
                names=names,
                since=since,
                until=until,
                after=after,
                before=before,
                newest_first=newest_first,
                limit=limit,
            )

    def batches(self, actor: Actor, *, before: int | None = None, limit: int = 50) -> list[BatchRow]:
        """Batches, the newest first."""
        self._for_staff(actor, "the list of batches")
        with self.readers.view() as view:
            return view.trail.batches(self.tenant, before=before, limit=limit)

    def batch(self, batch: str, actor: Actor) -> tuple[BatchRow, list[BatchMember]]:
        """One batch and the streams that it touched; raise `NotFound` when there is none."""
        self._for_staff(actor, "a batch")
        with self.readers.view() as view:
            return view.trail.batch(self.tenant, batch), view.trail.members(self.tenant, batch)

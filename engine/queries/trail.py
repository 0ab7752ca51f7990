"""Questions to the audit trail: who did what and when, without what was said; and which batches there were.

Participants are given what happened to their own cycle or to themselves, from the log; whoever is bounded to a
programme, what concerns that one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial
from itertools import islice

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.vocabulary import Role
from mentorcycle.projections.trail import BatchMember, BatchRow, TrailRow

from ..actors import check_actor
from ..readers import View
from .asked import Asked, refuse
from .bounds import concerning, members_of

FIRST_CHUNK, LARGEST_CHUNK = 200, 20_000
"""How many rows are looked at in one go when only some of them may be shown."""


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

        `since` and `until` bound the instant of recording (`since` <= it < `until`). Raises `RefusedError` for a
        `ref` that is not for this actor.
        """
        check_actor(actor)
        positions = None if ref is None else self._positions(ref, actor)
        if ref is None:
            self._for_staff(actor, "the audit trail")
        with self.readers.view() as view:
            ask = partial(
                view.trail.page,
                self.tenant,
                positions=positions,
                actor=by,
                batch=batch,
                names=names,
                since=since,
                until=until,
                newest_first=newest_first,
            )
            if actor.programme is None or ref is not None:
                return ask(after=after, before=before, limit=limit)
            rows = _chunks(ask, after, before, newest_first=newest_first)
            shown = (row for chunk in rows for row in self._concerning(view, chunk, actor.programme))
            return list(islice(shown, limit))

    def batches(self, actor: Actor, *, before: int | None = None, limit: int = 50) -> list[BatchRow]:
        """Batches, the newest first; of an actor bounded to a programme, as far as they concern that."""
        self._for_staff(actor, "the list of batches")
        with self.readers.view() as view:
            if actor.programme is None:
                return view.trail.batches(self.tenant, before=before, limit=limit)
            shown = self._batches_of(view, actor.programme, before)
            return list(islice(shown, limit))

    def batch(self, batch: str, actor: Actor) -> tuple[BatchRow, list[BatchMember]]:
        """One batch and the streams that it touched; raise `NotFound` when there is none."""
        self._for_staff(actor, "a batch")
        with self.readers.view() as view:
            row = view.trail.batch(self.tenant, batch)
            members = self._members(view, batch, actor)
        if not members:
            refuse(
                f"{batch} is not shown",
                f"nothing that it did is of the programme {actor.programme}, to which this actor is bounded",
                "ask somebody of its programme, or of all programmes",
                batch=batch,
            )
        return row._replace(events=sum(member.events for member in members)), members

    def _positions(self, ref: str, actor: Actor) -> list[int]:
        """Where the events of a stream lie in the log, for those whom they may be shown."""
        from ..history import elsewhere, stream_of  # loads what a list of cycles never needs

        stream = stream_of(ref)
        if actor.role is Role.PARTICIPANT:
            self._past.events(ref, actor)  # raises unless it is theirs
        positions = [row.position for row in self.store.read_stream(self.tenant, stream)]
        bounded = actor.programme
        if positions and bounded is not None and not self.concerns(bounded, stream):
            elsewhere(ref, bounded).or_raise()
        return positions

    def _concerning(self, view: View, rows: list[TrailRow], programme: str) -> Iterator[TrailRow]:
        streams = concerning(view, self.tenant, programme, {row.stream for row in rows})
        return (row for row in rows if row.stream in streams)

    def _batches_of(self, view: View, programme: str, before: int | None) -> Iterator[BatchRow]:
        """Batches that concern a programme, with the number of their events that do."""
        while rows := view.trail.batches(self.tenant, before=before, limit=FIRST_CHUNK):
            for row in rows:
                members = members_of(view, self.tenant, programme, row.batch)
                events = sum(member.events for member in members)
                if events:
                    yield row._replace(events=events)
            before = rows[-1].first

    def _members(self, view: View, batch: str, actor: Actor) -> list[BatchMember]:
        if actor.programme is None:
            return view.trail.members(self.tenant, batch)
        return members_of(view, self.tenant, actor.programme, batch)


def _chunks(
    ask: Callable[..., list[TrailRow]], after: int, before: int | None, *, newest_first: bool
) -> Iterator[list[TrailRow]]:
    """All rows of a question, in larger and larger pieces."""
    size = FIRST_CHUNK
    while rows := ask(after=after, before=before, limit=size):
        yield rows
        if newest_first:
            before = rows[-1].position
        else:
            after = rows[-1].position
        size = min(2 * size, LARGEST_CHUNK)

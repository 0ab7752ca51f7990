"""Questions about cycles: lists, counts and one cycle, now or as of any moment; what is stalled, and what is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.cycle.deadlines import StageClock, pauses_until, stage_clock
from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.programme import Programme
from mentorcycle.domain.vocabulary import Role, Status
from mentorcycle.projections.cycles import Count, CycleRow

from ..actors import check_actor
from .asked import Asked, At, refuse

PAGE = 2000
EVERY = 1_000_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of cycles in the order of opening, as of a position of the log; `more` says that there is another."""

    rows: tuple[CycleRow, ...]
    position: int
    more: bool


@dataclass(frozen=True, slots=True)
class Stalled:
    """An active cycle without a stage-advancing event within its allowance; both in school days."""

    row: CycleRow
    elapsed: int
    allowance: int


class CycleQuestions(Asked):
    """Where cycles stand, as far as the actor may see it."""

    def cycles(
        self,
        actor: Actor,
        *,
        statuses: Collection[Status] = (),
        stages: Collection[str] = (),
        programme: str | None = None,
        people: Collection[str] = (),
        at: At = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Listing:
        """Cycles that match every filter, in the order of opening; `after` is the last cycle of the page before.

        `people` are those of whom one takes part, also under ids of merged duplicates. Participants are given
        their own; raises `NotFound` for an unknown `after`.
        """
        check_actor(actor)
        position = self.position(at)
        with self.readers.view() as view:
            wanted = {id for person in people for id in view.people.ids_of(self.tenant, person)}
            own = actor.role is Role.PARTICIPANT
            rows = view.cycles.page(
                self.tenant,
                statuses=statuses,
                stages=stages,
                programme=self._bounded(actor, programme),
                people=view.people.ids_of(self.tenant, actor.id) if own else wanted,
                after=after,
                limit=EVERY if own and wanted else limit + 1,
                position=position,
            )
            if own and wanted:
                rows = [row for row in rows if wanted.intersection(row.people)]
            upto = view.position if position is None else min(position, view.position)
            return Listing(tuple(rows[:limit]), upto, len(rows) > limit)

    def total(
        self,
        actor: Actor,
        *,
        statuses: Collection[Status] = (),
        stages: Collection[str] = (),
        programme: str | None = None,
        people: Collection[str] = (),
        at: At = None,
    ) -> int:
        """How many cycles match every filter of `cycles`."""
        return sum(
            count.cycles
            for count in self.counts(actor, programme=programme, people=people, at=at)
            if (not statuses or count.status in statuses) and (not stages or count.stage in stages)
        )

    def cycle(self, cycle: str, actor: Actor, *, at: At = None) -> CycleRow:
        """Where one cycle stood; raises `NotFound` when it was not there, `RefusedError` when it is not shown."""
        check_actor(actor)
        with self.readers.view() as view:
            row = view.cycles.one(self.tenant, cycle, position=self.position(at))
        if row is None:
            raise NotFound("cycle", cycle)
        self._permit(row, actor)
        return row

    def counts(
        self,
        actor: Actor,
        *,
        programme: str | None = None,
        people: Collection[str] = (),
        at: At = None,
    ) -> list[Count]:
        """How many cycles stood where, by programme, status and stage; of participants, their own."""
        check_actor(actor)
        if people or actor.role is Role.PARTICIPANT:
            rows = self.cycles(actor, programme=programme, people=people, at=at, limit=EVERY).rows
            places = Counter((row.programme, row.stage, row.status) for row in rows)
            return [Count(*place, number) for place, number in places.items()]
        with self.readers.view() as view:
            return view.cycles.counts(
                self.tenant, programme=self._bounded(actor, programme), position=self.position(at)
            )

    def clock(self, row: CycleRow, programme: Programme, day: date) -> StageClock | None:
        """Days used, due date and lateness of the stage a cycle is in."""
        return stage_clock(row, self.definition(row, programme), programme, day)

    def stalled(
        self, actor: Actor, programme: Programme, day: date, *, at: At = None, limit: int = 100_000
    ) -> list[Stalled]:
        """Cycles that have not moved within the allowance of their stage, longest first."""
        self._for_staff(actor, "the list of stalled cycles")
        candidates = self._long_in_stage(actor, programme, day, self.position(at))
        found = (self._stalled(row, programme, day) for row in candidates)
        return sorted((one for one in found if one), key=lambda one: -one.elapsed)[:limit]

    def course(self, cycle: str, actor: Actor) -> list[CycleRow]:
        """What the cycle was, one row for each time it changed, from the first on."""
        self.cycle(cycle, actor)
        with self.readers.view() as view:
            return view.cycles.course(self.tenant, cycle)

    def _permit(self, row: CycleRow, actor: Actor) -> None:
        if actor.role is Role.PARTICIPANT:
            with self.readers.view() as view:
                ever = {p for past in view.cycles.course(self.tenant, row.cycle) for p in past.people}
                allowed = not ever.isdisjoint(view.people.ids_of(self.tenant, actor.id))
        else:
            allowed = actor.programme in (None, row.programme)
        if not allowed:
            refuse(
                f"{row.cycle} is not shown",
                f"only its participants, its coordinators and auditors see it; {actor.id} is none of them",
                "ask a coordinator",
                cycle=row.cycle,
            )

    def _long_in_stage(
        self, actor: Actor, programme: Programme, day: date, position: int | None
    ) -> Iterator[CycleRow]:
        """Active cycles that may be stalled: a school day is never shorter than a day."""
        shortest = min((s.stalled_after for d in self.published(programme) for s in d.stages), default=0)
        since = datetime.combine(day - timedelta(days=shortest - 1), datetime.min.time(), UTC)
        after: str | None = None
        wanted = self._bounded(actor, programme.id)
        while True:
            with self.readers.view() as view:
                rows = view.cycles.stalled(
                    self.tenant, since, programme=wanted, after=after, limit=PAGE, position=position
                )
            yield from rows
            if len(rows) < PAGE:
                return
            after = rows[-1].cycle

    def _stalled(self, row: CycleRow, programme: Programme, day: date) -> Stalled | None:
        stage = self.definition(row, programme).stage(row.stage)
        if stage is None:
            return None
        pauses = pauses_until(row, programme, day)
        elapsed = programme.calendar.elapsed(programme.day(row.since), day, pauses)
        return Stalled(row, elapsed, stage.stalled_after) if elapsed > stage.stalled_after else None

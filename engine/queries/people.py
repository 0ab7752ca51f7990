"""Questions about people: who there is, how much each has to do, and the minutes that were given."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.vocabulary import Role
from mentorcycle.projections.minutes import ActRow, Total
from mentorcycle.projections.people import PersonRow

from ..actors import check_actor
from .asked import Asked, refuse


class PeopleQuestions(Asked):
    """People and minutes, as far as the actor may see them."""

    def people(
        self,
        actor: Actor,
        *,
        active: bool = True,
        school: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> list[PersonRow]:
        """People in the order of their names; with `active`, without those who left or were merged."""
        self._for_staff(actor, "the list of people")
        with self.readers.view() as view:
            return view.people.page(self.tenant, active=active, school=school, after=after, limit=limit)

    def external_ids(self, actor: Actor, *, source: str) -> frozenset[str]:
        """External ids of everybody present who is known from a source (`csv`, `oneroster`)."""
        self._for_staff(actor, "the list of people")
        with self.readers.view() as view:
            everybody = view.people.page(self.tenant, limit=1_000_000)
        return frozenset(p.external_id for p in everybody if p.external_id and p.source == source)

    def person_row(self, person: str, actor: Actor) -> PersonRow:
        """One person; ids of merged duplicates lead to the survivor. Raises `NotFound` and `RefusedError`."""
        check_actor(actor)
        with self.readers.view() as view:
            row = view.people.resolved(self.tenant, person)
        if row is None:
            raise NotFound("person", person)
        if actor.role is Role.PARTICIPANT and actor.id not in (row.id, *row.duplicates):
            refuse(f"{row.id} is not shown", "participants see themselves", "ask a coordinator")
        return row

    def workload(self, actor: Actor) -> list[PersonRow]:
        """Everybody who has a mentee now, those with the most first."""
        self._for_staff(actor, "the workload")
        with self.readers.view() as view:
            return view.people.workload(self.tenant)

    def minutes(
        self,
        actor: Actor,
        *,
        role: Literal["mentee", "mentor"] | None = None,
        programme: str | None = None,
        cycle: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Total]:
        """Acts and minutes of each person, between two instants; participants are given their own."""
        check_actor(actor)
        people: Collection[str] = ()
        with self.readers.view() as view:
            if actor.role is Role.PARTICIPANT:
                people = view.people.ids_of(self.tenant, actor.id)
            return view.minutes.per_person(
                self.tenant,
                role=role,
                people=people,
                programme=self._bounded(actor, programme),
                cycle=cycle,
                since=since,
                until=until,
            )

    def acts(self, actor: Actor, *, cycle: str | None = None, person: str | None = None) -> list[ActRow]:
        """Every act with minutes of a cycle or a person, in the order in which they happened."""
        check_actor(actor)
        with self.readers.view() as view:
            wanted = actor.id if actor.role is Role.PARTICIPANT else person
            people = view.people.ids_of(self.tenant, wanted) if wanted else ()
            return view.minutes.acts(
                self.tenant, people=people, programme=self._bounded(actor, None), cycle=cycle
            )

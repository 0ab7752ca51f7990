"""What a typed reference may mean to an actor, and how an id is shown: its shortest beginning that no other id shares.

Participants mean their own cycles and the people in them; whoever is bounded to a programme means its cycles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from os.path import commonprefix

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.ids import BATCH, CYCLE, PERSON
from mentorcycle.domain.vocabulary import Role
from mentorcycle.projections.cycles import CycleRow
from mentorcycle.projections.folding import words_of
from mentorcycle.projections.people import PersonRow

from ..actors import check_actor
from ..readers import View
from .asked import Asked
from .bounds import members_of

SHORTEST = len("c-") + 4
EVERY = 1_000_000
_MISREAD = str.maketrans("ilo", "110")


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a typed reference may mean; without a name where only a whole id was known."""

    id: str
    name: str
    other_names: tuple[str, ...] = ()


class References(Asked):
    """Names and beginnings of ids, among what the actor may know of.

    A whole id is found by everybody who has it, without a name; what is behind it, the other questions decide.
    """

    def find_cycles(self, text: str, actor: Actor, *, limit: int = 20) -> list[Found]:
        """Cycles whose id begins so, or one of whose people is called so."""
        check_actor(actor)
        with self.readers.view() as view:
            if actor.role is Role.PARTICIPANT:
                found = self._of_their_own(view, text, actor)
            else:
                found = self._of_programme(view, text, actor.programme, limit)
            whole = view.cycles.one(self.tenant, _typed(text)) if not found else None
        return found[:limit] or ([Found(whole.cycle, "")] if whole else [])

    def find_people(self, text: str, actor: Actor, *, limit: int = 20) -> list[Found]:
        """People whose id begins so, or who are called so; merged ids stand for the survivor."""
        check_actor(actor)
        with self.readers.view() as view:
            if actor.role is Role.PARTICIPANT:
                matching = [row for row in self._companions(view, actor) if _is_called(row, text)]
            else:
                matching = view.people.matching(self.tenant, text, limit)
                matching = matching or view.people.beginning(self.tenant, _prefix(PERSON, text), limit)
            found: dict[str, Found] = {}
            for match in matching[:limit]:
                person = view.people.resolved(self.tenant, match.id) or match
                others = _handles(person)
                if match.id != person.id:
                    others += [match.id, match.name]
                found[person.id] = Found(person.id, person.name, tuple(others))
            whole = view.people.one(self.tenant, _typed(text)) if not found else None
        return list(found.values()) or ([Found(whole.id, "")] if whole else [])

    def find_batches(self, text: str, actor: Actor, *, limit: int = 20) -> list[str]:
        """Batches whose id begins so; participants are told of none."""
        check_actor(actor)
        with self.readers.view() as view:
            found: list[str] = []
            if actor.role is not Role.PARTICIPANT:
                most = limit if actor.programme is None else EVERY
                found = view.trail.batches_beginning(self.tenant, _prefix(BATCH, text), most)
            if actor.programme is not None:
                members = partial(members_of, view, self.tenant, actor.programme)
                found = list(islice(filter(members, found), limit))
            whole = view.trail.batches_beginning(self.tenant, _typed(text), 1)
        return found or [id for id in whole if id == _typed(text)]

    def names(self, people: Iterable[str]) -> dict[str, str]:
        """What people are called, by id: of ids that some answer gave, which nobody can guess."""
        with self.readers.view() as view:
            return {id: row.name for id, row in view.people.many(self.tenant, people).items()}

    def schools(self, people: Iterable[str]) -> dict[str, str | None]:
        """The school of each person, by id."""
        with self.readers.view() as view:
            return {id: row.school for id, row in view.people.many(self.tenant, people).items()}

    def short(self, ids: Iterable[str]) -> dict[str, str]:
        """Each id with its shortest beginning that no other id of its kind shares."""
        with self.readers.view() as view:
            tenant = self.tenant
            beginning: dict[str, Callable[[str], list[str]]] = {
                "c": lambda prefix: view.cycles.beginning(tenant, prefix, 2),
                "p": lambda prefix: [p.id for p in view.people.beginning(tenant, prefix, 2)],
                "b": lambda prefix: view.trail.batches_beginning(tenant, prefix, 2),
            }
            shortened: dict[str, str] = {}
            for id in ids:
                others = beginning.get(id[:1], _nobody)
                length = SHORTEST
                while length < len(id) and len(found := others(id[:length])) > 1:
                    length = max(length, len(commonprefix(found))) + 1  # noqa: RUF071 - of characters
                shortened[id] = id[:length]
        return shortened

    def _of_programme(self, view: View, text: str, programme: str | None, limit: int) -> list[Found]:
        """Cycles of a programme (None: of every one) that a text may mean."""
        most = limit if programme is None else EVERY
        ids = view.cycles.beginning(self.tenant, _prefix(CYCLE, text), most)
        if programme is not None:
            ids = sorted(view.cycles.of_programme(self.tenant, programme, ids))
        rows = [row for id in ids[:limit] if (row := view.cycles.one(self.tenant, id))]
        called = view.people.matching(self.tenant, text, most)
        people = {id for person in called for id in view.people.ids_of(self.tenant, person.id)}
        if people:
            rows += view.cycles.page(self.tenant, people=people, programme=programme, limit=limit)
        return [_found(row, self._who(view, row)) for row in {row.cycle: row for row in rows}.values()]

    def _of_their_own(self, view: View, text: str, actor: Actor) -> list[Found]:
        """Cycles of a participant, also those they have left, that a text may mean."""
        prefix = _prefix(CYCLE, text)
        rows = view.cycles.ever_with(self.tenant, view.people.ids_of(self.tenant, actor.id))
        known = ((row, self._who(view, row)) for row in rows)
        return [
            _found(row, people)
            for row, people in known
            if row.cycle.startswith(prefix) or any(_is_called(person, text) for person in people)
        ]

    def _who(self, view: View, row: CycleRow) -> list[PersonRow]:
        """The people of a cycle in their order, and after them those whom they were merged into."""
        known = view.people.many(self.tenant, row.people)
        people = [known[id] for id in row.people if id in known]
        merged = (view.people.resolved(self.tenant, person.id) for person in people if person.merged_into)
        return [*people, *(survivor for survivor in merged if survivor)]

    def _companions(self, view: View, actor: Actor) -> list[PersonRow]:
        """A participant and everybody who is or was in a cycle with them, under every id, in the order of names."""
        own = view.people.ids_of(self.tenant, actor.id)
        cycles = view.cycles.ever_with(self.tenant, own)
        course = (past for row in cycles for past in view.cycles.course(self.tenant, row.cycle))
        people = {*own, *(person for past in course for person in past.people)}
        ids = {id for person in people for id in view.people.ids_of(self.tenant, person)}
        return sorted(view.people.many(self.tenant, ids).values(), key=lambda row: (row.name, row.id))


def _prefix(letter: str, text: str) -> str:
    """The beginning of an id, as typed with or without its letter."""
    bare = text.strip().lower().removeprefix(f"{letter}-").translate(_MISREAD)
    return f"{letter}-{bare}" if bare else "\x00"


def _nobody(prefix: str) -> list[str]:
    """The others of an id of a kind that has no read model."""
    return []


def _typed(text: str) -> str:
    return text.strip().lower()


def _is_called(row: PersonRow, text: str) -> bool:
    """Whether somebody may be meant: by the beginning of their id, a handle, or words of the name."""
    handles = {handle.casefold() for handle in _handles(row)}
    words, name = words_of(text), words_of(row.name)
    named = bool(words) and all(any(part.startswith(word) for part in name) for word in words)
    return named or text.strip().casefold() in handles or row.id.startswith(_prefix(PERSON, text))


def _handles(row: PersonRow) -> list[str]:
    return [handle for handle in (row.username, row.email, row.external_id) if handle]


def _found(row: CycleRow, people: list[PersonRow]) -> Found:
    called = dict.fromkeys(name for person in people for name in (person.name, *_handles(person)))
    names = {person.id: person.name for person in people}
    return Found(row.cycle, " / ".join(names.get(id, id) for id in row.people), tuple(called))

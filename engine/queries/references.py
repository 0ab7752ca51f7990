"""What a typed reference may mean, and how an id is shown: its shortest beginning that no other id shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os.path import commonprefix

from mentorcycle.domain.ids import BATCH, CYCLE
from mentorcycle.projections.cycles import CycleRow

from .asked import Asked

SHORTEST = len("c-") + 4
_MISREAD = str.maketrans("ilo", "110")


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a typed reference may mean."""

    id: str
    name: str
    other_names: tuple[str, ...] = ()


class References(Asked):
    """Names and beginnings of ids. Who may see what is behind them, the other questions decide."""

    def find_cycles(self, text: str, *, limit: int = 20) -> list[Found]:
        """Cycles whose id begins so, or one of whose people is called so."""
        with self.readers.view() as view:
            ids = view.cycles.beginning(self.tenant, _prefix(CYCLE, text), limit)
            rows = [row for id in ids if (row := view.cycles.one(self.tenant, id))]
            people = [person.id for person in view.people.matching(self.tenant, text, limit)]
            if people:
                rows += view.cycles.page(self.tenant, people=people, limit=limit)
            known = view.people.many(self.tenant, {person for row in rows for person in row.people})
        names = {id: person.name for id, person in known.items()}
        return [_found(row, names) for row in {row.cycle: row for row in rows}.values()]

    def find_people(self, text: str, *, limit: int = 20) -> list[Found]:
        """People whose id begins so, or who are called so; merged ids stand for the survivor."""
        with self.readers.view() as view:
            matching = view.people.matching(self.tenant, text, limit)
            matching = matching or view.people.beginning(self.tenant, _prefix("p", text), limit)
            found: dict[str, Found] = {}
            for match in matching:
                person = view.people.resolved(self.tenant, match.id) or match
                handles = (person.username, person.email, person.external_id)
                others = [handle for handle in handles if handle]
                if match.id != person.id:
                    others += [match.id, match.name]
                found[person.id] = Found(person.id, person.name, tuple(others))
        return list(found.values())

    def find_batches(self, text: str, *, limit: int = 20) -> list[str]:
        """Batches whose id begins so."""
        with self.readers.view() as view:
            return view.trail.batches_beginning(self.tenant, _prefix(BATCH, text), limit)

    def names(self, people: Iterable[str]) -> dict[str, str]:
        """What people are called, by id."""
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


def _prefix(letter: str, text: str) -> str:
    """The beginning of an id, as typed with or without its letter."""
    bare = text.strip().lower().removeprefix(f"{letter}-").translate(_MISREAD)
    return f"{letter}-{bare}" if bare else "\x00"


def _nobody(prefix: str) -> list[str]:
    """The others of an id of a kind that has no read model."""
    return []


def _found(row: CycleRow, names: dict[str, str]) -> Found:
    called = [names.get(person, person) for person in row.people]
    return Found(row.cycle, " / ".join(called), tuple(called))

"""Questions about people: who is meant by an id, a name or a handle, who there is, and who has how much to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mentorcycle.domain.errors import NotFound
from mentorcycle.domain.vocabulary import PairingKind, TeachingArea

from ..connection import Connection, Rows, Sql, each, worded
from ..folding import words_of

LAST = "\U0010ffff"
ALL = 2**63 - 1
COLUMNS = (
    "t.person, t.name, t.external_id, t.source, t.username, t.email, t.school, t.subjects, t.grades, t.areas,"
    " t.capacity, t.active, t.merged_into, t.duplicates, t.evaluators, t.not_with, t.pairings, t.mentees"
)
PERSON = f"SELECT {COLUMNS} FROM people_person_{{g}} AS t "
ONE = PERSON + "WHERE t.tenant = ? AND t.person = ?"
MANY = each("texts", "people_person_{g}", "t.tenant = ? AND t.person = wanted.value").around(
    f"SELECT {COLUMNS} "
)
BEGINNING = PERSON + "WHERE t.tenant = ? AND t.person >= ? AND t.person < ? ORDER BY t.person LIMIT ?"
WITH_HANDLE = (
    PERSON
    + "JOIN people_handle_{g} AS h ON h.added = t.added WHERE h.tenant = ? AND h.handle = ? ORDER BY t.added"
)
WITH_WORD = "SELECT DISTINCT added FROM people_word_{g} WHERE tenant = ? AND word >= ? AND word < ?"
WITH_WORDS = Sql(
    "CROSS JOIN people_person_{g} AS t WHERE t.added = found.added",
    "CROSS JOIN LATERAL (SELECT * FROM people_person_{g} WHERE added = found.added OFFSET 0) AS t",
)
PAGE = (
    PERSON
    + """WHERE t.tenant = ? AND (t.folded, t.added) > (?, ?) AND t.added > 0 AND (t.active <> 0 OR NOT ?)
         AND (CAST(? AS text) IS NULL OR t.school = ?) ORDER BY t.folded, t.added LIMIT ?"""
)
MENTORING = PERSON + "WHERE t.tenant = ? AND t.mentees > 0 ORDER BY t.mentees DESC, t.folded, t.added LIMIT ?"
PLACE = "SELECT folded, added FROM people_person_{g} WHERE tenant = ? AND person = ?"
COUNT = """SELECT count(*) FROM people_person_{g} AS t
           WHERE t.tenant = ? AND t.added > 0 AND (t.active <> 0 OR NOT ?)
           AND (CAST(? AS text) IS NULL OR t.school = ?)"""


class OpenPairing(NamedTuple):
    """A pairing that has not ended: person, mentee, mentor for everyone in it."""

    id: str
    kind: PairingKind
    members: tuple[tuple[str, bool, bool], ...]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as a list shows them; names of fields are those of `domain.people`.

    `load` is how many mentees they have over all open pairings; `capacity` None is the definition's.
    """

    id: str
    name: str
    external_id: str | None
    source: str | None
    username: str | None
    email: str | None
    school: str | None
    subjects: tuple[str, ...]
    grades: tuple[str, ...]
    areas: tuple[TeachingArea, ...]
    capacity: int | None
    active: bool
    merged_into: str | None
    duplicates: tuple[str, ...]
    evaluators: tuple[str, ...]
    not_with: tuple[str, ...]
    pairings: tuple[OpenPairing, ...]
    load: int

    @property
    def pairing_as_mentee(self) -> OpenPairing | None:
        """The one open pairing in which this person is a mentee."""
        return next(
            (p for p in self.pairings for who, mentee, _ in p.members if who == self.id and mentee), None
        )


class PeopleQueries:
    """Questions to one generation of the tables, through one connection and so as of one moment."""

    def __init__(self, connection: Connection, generation: int) -> None:
        self._connection = connection
        self._generation = generation

    def one(self, tenant: str, person: str) -> PersonRow | None:
        """The person of exactly that id, merged or not."""
        return next(self._rows(ONE, (tenant, person)), None)

    def many(self, tenant: str, people: Iterable[str]) -> dict[str, PersonRow]:
        """Those of these ids that there are, by id."""
        return {row.id: row for row in self._rows(MANY, (json.dumps(sorted(set(people))), tenant))}

    def resolved(self, tenant: str, person: str) -> PersonRow | None:
        """The person that an id stands for now: ids of merged duplicates lead to the survivor."""
        row, seen = self.one(tenant, person), {person}
        while row is not None and row.merged_into is not None and row.merged_into not in seen:
            seen.add(row.merged_into)
            row = self.one(tenant, row.merged_into)
        return row

    def ids_of(self, tenant: str, person: str) -> tuple[str, ...]:
        """Every id of a person, whichever of them is given: the survivor's first, then those of merged duplicates."""
        survivor = self.resolved(tenant, person)
        found = [survivor.id if survivor else person]
        for id in found:
            row = self.one(tenant, id)
            found += [other for other in (row.duplicates if row else ()) if other not in found]
        return tuple(found)

    def beginning(self, tenant: str, prefix: str, limit: int = 10) -> list[PersonRow]:
        """People whose id begins so."""
        return list(self._rows(BEGINNING, (tenant, prefix, prefix + LAST, limit)))

    def with_handle(self, tenant: str, handle: str) -> list[PersonRow]:
        """People of that username, e-mail address or external id, without regard to case."""
        return list(self._rows(WITH_HANDLE, (tenant, handle.strip().casefold())))

    def named(self, tenant: str, text: str, limit: int = 10) -> list[PersonRow]:
        """People in whose name each of these words begins a word, without regard to case and accents."""
        words = words_of(text)
        if not words:
            return []
        values = [value for word in words for value in (tenant, word, word + LAST)]
        found = " INTERSECT ".join(WITH_WORD for _ in words)
        statement = WITH_WORDS.around(
            f"SELECT {COLUMNS} FROM ({found}) AS found ", " ORDER BY t.folded, t.added LIMIT ?"
        )
        return list(self._rows(statement, (*values, limit)))

    def matching(self, tenant: str, text: str, limit: int = 10) -> list[PersonRow]:
        """Everybody who may be meant: by id, else by handle, else by words of the name or beginning of an id."""
        exact = self.one(tenant, text.strip().lower())
        if exact is not None:
            return [exact]
        by_handle = self.with_handle(tenant, text)
        if by_handle:
            return by_handle[:limit]
        by_name = self.named(tenant, text, limit)
        by_id = self.beginning(tenant, text.strip().lower(), limit) if text.strip() else []
        return list({row.id: row for row in (*by_name, *by_id)}.values())[:limit]

    def page(
        self,
        tenant: str,
        *,
        active: bool = True,
        school: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> list[PersonRow]:
        """People in the order of their names; with `active`, without those who left or were merged.

        `after` is the last person of the page before; `NotFound` when there is none of that id.
        """
        place: tuple[str, int] = ("", 0)
        if after is not None:
            found = self._execute(PLACE, (tenant, after)).fetchone()
            if found is None:
                raise NotFound("person", after)
            place = found
        return list(self._rows(PAGE, (tenant, *place, active, school, school, limit)))

    def count(self, tenant: str, *, active: bool = True, school: str | None = None) -> int:
        """How many people `page` gives in all."""
        n: int = self._execute(COUNT, (tenant, active, school, school)).fetchone()[0]
        return n

    def workload(self, tenant: str, limit: int = -1) -> list[PersonRow]:
        """Everybody who has a mentee, those with the most first; at most `limit` people, -1 for all."""
        return list(self._rows(MENTORING, (tenant, limit if limit >= 0 else ALL)))

    def _execute(self, statement: str | Sql, values: Sequence[Any]) -> Rows:
        return self._connection.execute(worded(statement, self._connection.dialect, self._generation), values)

    def _rows(self, statement: str | Sql, values: Sequence[Any]) -> Iterator[PersonRow]:
        return (_row(*row) for row in self._execute(statement, values))


def _row(id: str, name: str, *columns: Any) -> PersonRow:
    (external_id, source, username, email, school, subjects, grades, areas, capacity, *rest) = columns
    (active, merged_into, duplicates, evaluators, not_with, pairings, load) = rest
    return PersonRow(
        id,
        name,
        external_id,
        source,
        username,
        email,
        school,
        _list(subjects),
        _list(grades),
        tuple(TeachingArea(area) for area in _list(areas)),
        capacity,
        bool(active),
        merged_into,
        _list(duplicates),
        _list(evaluators),
        _list(not_with),
        tuple(
            OpenPairing(
                pairing,
                PairingKind(kind),
                tuple((who, bool(mentee), bool(mentor)) for who, mentee, mentor in members),
            )
            for pairing, kind, members in _list(pairings)
        ),
        load,
    )


def _list(text: str) -> tuple[Any, ...]:
    return () if text == "[]" else tuple(json.loads(text))

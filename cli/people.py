"""People as they are read: a list, one person, and who has how much to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import options
from .session import Session, command

if TYPE_CHECKING:
    from mentorcycle.projections.people import PersonRow

    from .store import Place

_ALL = 1_000_000


@command(name="list")
@click.option("--school", metavar="NAME", help="Only those of this school.")
@click.option("--all", "everybody", is_flag=True, help="Those who left and merged duplicates too.")
@options.limit
@click.option("--after", metavar="PERSON", help="The last one of the page before.")
def list_(session: Session, school: str | None, everybody: bool, limit: int, after: str | None) -> None:
    """List people.

    In the order of their names, without those who have left.
    """
    from .columns import Column
    from .store import reading

    with reading(session) as place:
        last = place.person(after) if after else None
        found = place.queries.people(
            place.actor, active=not everybody, school=school, after=last, limit=limit + 1
        )
        rows = found[:limit]
        labels = place.labels(row.id for row in rows)
        more = f"{len(rows)} shown; more with --after {labels[rows[-1].id]}" if len(found) > limit else ""
        session.out.rows(
            "people/1",
            [
                Column("id", keep=True, human=lambda id: labels[id]),
                Column("name"),
                Column("username"),
                Column("school"),
                Column("state", of=_state),
                Column("load", "mentees", right=True, human=lambda load: str(load or "")),
                Column("external_id", in_table=False),
                Column("source", in_table=False),
                Column("email", in_table=False),
                Column("subjects", in_table=False),
                Column("grades", in_table=False),
                Column("areas", in_table=False),
                Column("capacity", in_table=False),
            ],
            rows,
            empty="nobody yet: mentorcycle import FILE, or mentorcycle person add NAME",
            footer=more,
        )


def _state(row: PersonRow) -> str:
    if row.merged_into is not None:
        return "merged"
    return "here" if row.active else "left"


@command()
@click.argument("person")
def show(session: Session, person: str) -> None:
    """Show a person.

    Profile, pairings, cycles, and the minutes given and received.
    """
    from .columns import Column
    from .store import reading

    with reading(session) as place:
        row = place.queries.person_row(place.person(person), place.actor)
        fields = _fields(place, row)
        ids = {row.id, *row.duplicates, *fields["cycles"]}
        labels = place.labels(ids)
        names = place.queries.names(
            {*row.evaluators, *row.not_with, *(who for p in row.pairings for who, *_ in p.members)}
        )

        def short(value: list[str]) -> str:
            return ", ".join(names.get(id) or labels.get(id, id) for id in value)

        plain = (
            "name",
            "state",
            "username",
            "email",
            "school",
            "subjects",
            "grades",
            "areas",
            "external_id",
            "source",
        )
        columns = [
            Column("id", human=lambda id: labels[id]),
            *(Column(key) for key in plain),
            Column("capacity", human=lambda capacity: str(capacity)),
            Column("load", "mentees now"),
            *(Column(key, human=short) for key in ("mentors", "mentees", "evaluators", "kept_apart")),
            *(Column(key, human=short) for key in ("cycles", "duplicates")),
            Column("minutes_as_mentor"),
            Column("minutes_as_mentee"),
        ]
        session.out.record("person/1", columns, fields)


def _fields(place: Place, row: PersonRow) -> dict[str, Any]:
    pairs = [
        (other, who) for p in row.pairings for other in p.members for who in p.members if who[0] == row.id
    ]
    cycles = place.queries.cycles(place.actor, people=[row.id, *row.duplicates], limit=_ALL).rows
    fields = {key: getattr(row, key) for key in row.__slots__}
    return fields | {
        "state": _state(row),
        "capacity": capacity(place, row),
        "mentors": [other[0] for other, me in pairs if other[0] != row.id and other[2] and me[1]],
        "mentees": [other[0] for other, me in pairs if other[0] != row.id and other[1] and me[2]],
        "kept_apart": list(row.not_with),
        "cycles": [cycle.cycle for cycle in cycles],
        "minutes_as_mentor": _minutes(place, row, "mentor"),
        "minutes_as_mentee": _minutes(place, row, "mentee"),
    }


def _minutes(place: Place, row: PersonRow, role: Any) -> int:
    totals = place.queries.minutes(place.actor, role=role)
    return sum(total.minutes for total in totals if total.key in (row.id, *row.duplicates))


def capacity(place: Place, row: PersonRow) -> int:
    """How many mentees somebody takes: their own number, or the latest definition's."""
    if row.capacity is not None:
        return row.capacity
    ref = place.programme.find_definition("peer-cycle")
    published = list(place.queries.published(place.programme))
    known = next((d for d in published if d.ref == ref), published[-1] if published else None)
    return known.mentor_capacity if known else 0


@command()
@options.exit_code
def workload(session: Session, exit_code: bool) -> object:
    """Show who mentors how many.

    And how much room everybody has; with --exit-code it exits 8 when somebody is over.
    """
    from .columns import Column
    from .exits import ExitCode
    from .store import reading

    with reading(session) as place:
        minutes = {total.key: total.minutes for total in place.queries.minutes(place.actor, role="mentor")}
        rows: list[dict[str, Any]] = [
            {
                "id": row.id,
                "name": row.name,
                "mentees": row.load,
                "capacity": (most := capacity(place, row)),
                "room": most - row.load,
                "minutes": sum(minutes.get(id, 0) for id in (row.id, *row.duplicates)),
            }
            for row in place.queries.workload(place.actor)
        ]
        labels = place.labels(row["id"] for row in rows)
        session.out.rows(
            "workload/1",
            [
                Column("id", keep=True, human=lambda id: labels[id]),
                Column("name"),
                Column("mentees", right=True),
                Column("capacity", right=True),
                Column("room", right=True, colour=lambda room: "yellow" if room < 0 else None),
                Column("minutes", right=True),
            ],
            rows,
            empty="nobody mentors yet",
        )
    over = any(row["room"] < 0 for row in rows)
    return ExitCode.ATTENTION if exit_code and over else None

"""Open pairings as they are read, each with the cycle that goes on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .session import Session, command

if TYPE_CHECKING:
    from mentorcycle.projections.people import PersonRow

    from .store import Place

_ALL = 1_000_000


@command(name="list")
@click.option("--without-cycle", is_flag=True, help="Only those that have no cycle yet.")
@click.option("--person", metavar="PERSON", help="Only those of this person.")
def list_(session: Session, without_cycle: bool, person: str | None) -> None:
    """List open pairings.

    Participants see their own.
    """
    from .columns import Column
    from .store import reading

    with reading(session) as place:
        rows = _pairings(place, _people(place, person))
        if without_cycle:
            rows = [row for row in rows if row["cycle"] is None]
        everybody = {id for row in rows for id in (*row["mentees"], *row["mentors"])}
        names = place.queries.names(everybody)
        labels = place.labels(dict.fromkeys(row["cycle"] for row in rows if row["cycle"]))

        def called(people: list[str]) -> str:
            return ", ".join(names.get(id, id) for id in people)

        session.out.rows(
            "pairings/1",
            [
                Column("mentees", human=called),
                Column("mentors", human=called),
                Column("kind"),
                Column("cycle", keep=True, human=lambda id: labels.get(id, "")),
                Column("stage"),
                Column("id", in_table=False),
            ],
            rows,
            empty="no open pairings",
        )


def _people(place: Place, person: str | None) -> list[PersonRow]:
    from mentorcycle.domain.vocabulary import Role

    if person is not None:
        return [place.queries.person_row(place.person(person), place.actor)]
    if place.actor.role is Role.PARTICIPANT:
        return [place.queries.person_row(place.actor.id, place.actor)]
    return place.queries.people(place.actor, active=False, limit=_ALL)


def _pairings(place: Place, people: list[PersonRow]) -> list[dict[str, Any]]:
    pairings = {pairing.id: pairing for row in people for pairing in row.pairings}
    cycles = {row.pairing: row for row in place.queries.cycles(place.actor, limit=_ALL).rows}
    return [
        {
            "id": id,
            "kind": pairing.kind,
            "mentees": [who for who, mentee, _ in pairing.members if mentee],
            "mentors": [who for who, _, mentor in pairing.members if mentor],
            "cycle": cycles[id].cycle if id in cycles else None,
            "stage": cycles[id].stage if id in cycles else None,
        }
        for id, pairing in pairings.items()
    ]

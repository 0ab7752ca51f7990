"""What an audit is about: a cycle, a person, or the programme itself."""

from __future__ import annotations

from mentorcycle.domain.errors import NotFound

from ..refs import LAST
from ..store import Place, unknown

PROGRAMME = "programme"


def subject(place: Place, text: str) -> str:
    """The full id that is meant: `programme`, a cycle, or else a person."""
    if text in (PROGRAMME, place.programme_id):
        return place.programme_id
    if text.strip().lower().startswith("p-"):
        return place.person(text)
    try:
        return place.cycle(text)
    except NotFound as error:
        if text.strip() == LAST or text.strip().lower().startswith("c-"):
            raise
        try:
            return place.person(text)
        except NotFound:
            raise unknown("cycle or person", text, place.actor, error.fix) from None


def kind(place: Place, id: str) -> str:
    """What to call a full id that is meant."""
    if id == place.programme_id:
        return PROGRAMME
    return "person" if id.startswith("p-") else "cycle"


def called(place: Place, ids: set[str]) -> dict[str, str]:
    """How to show the ids of people and cycles: people by name, cycles by their short id."""
    people = {id for id in ids if id.startswith("p-")}
    return {**place.labels(sorted(ids - people)), **place.queries.names(people)}

"""What of a log concerns one programme: its own stream, its cycles, and what happened to the people in them.

People are kept in the main programme, so whoever is bounded to that one sees what happened to everybody.
"""

from __future__ import annotations

from collections.abc import Iterable

from mentorcycle.domain.ids import MAIN_PROGRAMME, cycle_stream, programme_stream, subject_of
from mentorcycle.projections.trail import BatchMember

from ..readers import View


def concerning(view: View, tenant: str, programme: str, streams: Iterable[str]) -> set[str]:
    """Those of these streams that concern a programme."""
    wanted = set(streams)
    cycles = [subject_of(stream) for stream in wanted if stream.startswith("cycle:")]
    people = {stream for stream in wanted if stream.startswith("person:")}
    found = {cycle_stream(cycle) for cycle in view.cycles.of_programme(tenant, programme, cycles)}
    if programme != MAIN_PROGRAMME:
        people = _taking_part(view, tenant, programme, people)
    return found | people | wanted.intersection({programme_stream(programme)})


def members_of(view: View, tenant: str, programme: str, batch: str) -> list[BatchMember]:
    """The streams of a batch that concern a programme."""
    members = view.trail.members(tenant, batch)
    streams = concerning(view, tenant, programme, {member.stream for member in members})
    return [member for member in members if member.stream in streams]


def _taking_part(view: View, tenant: str, programme: str, people: set[str]) -> set[str]:
    ids = {stream: view.people.ids_of(tenant, subject_of(stream)) for stream in people}
    everybody = {id for others in ids.values() for id in others}
    members = view.cycles.taking_part(tenant, programme, everybody)
    return {stream for stream, others in ids.items() if not members.isdisjoint(others)}

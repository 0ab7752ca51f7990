"""`show`: one cycle on a page, now or as of any moment: stages, who must act, facts of the work; words on request."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from . import options
from .session import Session, command

if TYPE_CHECKING:
    from mentorcycle.engine.overview import Overview

    from .asof import AsOf
    from .store import Place

HIDDEN = "words hidden: --with-notes needs mentor or mentee"
CLOSED = "words hidden: --with-notes shows them"


@command()
@click.argument("ref")
@options.as_of
@options.with_notes
def show(session: Session, ref: str, as_of: str | None, with_notes: bool) -> None:
    """Show a cycle: stages, who must act, facts of the work.

    The words of the participants are shown to them alone, and only with --with-notes.
    """
    from .store import reading

    with reading(session) as place:
        page(place, place.cycle(ref), as_of, with_notes=with_notes)


def page(place: Place, cycle: str, as_of: str | None, *, with_notes: bool = False) -> None:
    """Write the page of a cycle."""
    from mentorcycle.engine.overview import overview

    from .page import lines

    session, zone = place.session, place.programme.zone
    when = place.as_of(as_of) if as_of else None
    at = when.stamp if when else None
    seen = overview(place.queries, cycle, place.actor, place.day_of(at), at=at, words=with_notes)
    moment = f"{_moment(session, when, zone)} (event {seen.position} of {seen.head})"
    missing = _missing(place, seen, past=when is not None)
    if session.out.format == "table":
        session.out.text("\n".join(lines(place, seen, moment, missing)))
    else:
        from .columns import Column

        session.talk(moment)
        fields = _fields(seen, missing)
        stamp = session.now() if at is None else at
        facts = {"position": seen.position, "head": seen.head}
        session.out.record("cycle/1", [Column(key) for key in fields], fields, as_of=stamp, facts=facts)
    if not (with_notes and seen.may_read):
        session.talk(CLOSED if seen.may_read else HIDDEN)


def _moment(session: Session, when: AsOf | None, zone: str) -> str:
    from mentorcycle.domain.zones import zone_of

    from .dates import said

    if when is not None:
        return when.echo
    now = session.now().astimezone(zone_of(zone))
    return f"as of {said(now.date())} {now:%H:%M}, {zone}"


def _missing(place: Place, seen: Overview, *, past: bool) -> list[dict[str, Any]]:
    """What keeps the cycle from going forward, each with a command that would help now."""
    from mentorcycle.domain.refusal import Refusal

    from .paste import remedy

    rows = []
    for one in seen.missing:
        facts = {"cycle": seen.cycle.id, "stage": seen.cycle.stage, **one.facts}
        fix = "" if past else remedy(Refusal(one.code, "", one.why, one.fix, facts))
        fix = place.session.completed(fix)
        rows.append({"code": one.code, "why": one.why, "who": list(one.who), "fix": fix})
    return rows


def _fields(seen: Overview, missing: list[dict[str, Any]]) -> dict[str, Any]:
    """The page for programs; the names of fields are those of the state."""
    from .sides import people_of

    cycle = seen.cycle
    now = seen.visits[-1] if seen.visits and seen.visits[-1].until is None else None
    return {
        "id": cycle.id,
        "name": people_of(cycle, seen.names),
        "programme": cycle.programme,
        "definition": str(cycle.definition),
        "kind": cycle.kind,
        "mentees": cycle.mentees,
        "mentors": cycle.mentors,
        "stage": cycle.stage,
        "status": cycle.status,
        "opened_at": cycle.opened_at,
        "since": seen.programme.day(cycle.since),
        "due": now.due if now else None,
        "late_by": now.late_by if now else None,
        "stages": [asdict(visit) for visit in seen.visits],
        "missing": missing,
        "who": seen.who,
        "goals": [asdict(goal) for goal in cycle.goals],
        "observations": [asdict(observation) for observation in cycle.observations],
        "steps": [asdict(step) for step in cycle.steps],
        "reflections": cycle.reflections,
        "celebrations": [asdict(celebration) for celebration in cycle.celebrations],
        "minutes": {**seen.minutes, "total": sum(seen.minutes.values())},
        "pauses": [asdict(pause) for pause in cycle.pauses],
        "rematch_asked": cycle.rematch_asked,
        "follows": cycle.follows,
        "next_cycle": cycle.next_cycle,
        "words": [asdict(note) for note in seen.notes],
    }

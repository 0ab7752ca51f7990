"""Batches: what was done together, and taking its advances back as far as nothing has moved since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options
from .session import Session, command

if TYPE_CHECKING:
    from mentorcycle.engine.undo import BatchWork

    from .many import Line
    from .store import WritingPlace


@command(name="list")
@options.limit
def list_(session: Session, limit: int) -> None:
    """List batches.

    The newest first.
    """
    from .columns import Column
    from .store import reading

    with reading(session) as place:
        found = place.queries.batches(place.actor, limit=limit + 1)
        rows = found[:limit]
        ids = [row.batch for row in rows] + [row.actor for row in rows]
        labels = place.labels(dict.fromkeys(ids))
        session.out.rows(
            "batches/1",
            [
                Column("batch", keep=True, human=lambda id: labels.get(id, id)),
                Column("recorded_at", "when", human=lambda at: f"{at.astimezone():%Y-%m-%d %H:%M}"),
                Column("actor", "by", human=lambda id: labels.get(id, id)),
                Column("events", right=True),
                Column("first", in_table=False),
                Column("last", in_table=False),
            ],
            rows,
            empty="no batches yet",
            footer=f"the newest {limit}; --limit shows more" if len(found) > limit else "",
        )


@command()
@click.argument("batch")
def show(session: Session, batch: str) -> None:
    """Show what a batch did.

    Event by event, without what they say.
    """
    from mentorcycle.domain.ids import subject_of

    from .columns import Column
    from .store import reading

    with reading(session) as place:
        id = place.batch(batch)
        row, _ = place.queries.batch(id, place.actor)
        trail = place.queries.trail(place.actor, batch=id, newest_first=False, limit=max(row.events, 1))
        labels = place.labels(dict.fromkeys([id, *(subject_of(event.stream) for event in trail)]))
        session.out.rows(
            "batch/1",
            [
                Column("position", right=True),
                Column(
                    "id", keep=True, human=lambda id: labels.get(id, id), of=lambda e: subject_of(e.stream)
                ),
                Column("version", "event", right=True),
                Column("name", "what"),
                Column("occurred_at", in_table=False),
                Column("recorded_at", in_table=False),
            ],
            trail,
            title=f"{labels[id]} · {row.events} events · by {row.actor}",
            facts={"batch": id, "events": row.events, "actor": row.actor, "recorded_at": row.recorded_at},
        )


@command()
@click.argument("batch")
@options.dry_run
@options.yes
def undo(session: Session, batch: str, dry_run: bool, yes: bool) -> object:
    """Take back a batch's advances.

    Nothing is deleted: every cycle gets an event that says so. Exits 6 when some remain, 3 when all do.
    """
    from mentorcycle.engine.undo import work_of_batch

    from .columns import Column
    from .confirm import confirm
    from .many import report, run
    from .store import writing

    with writing(session) as place:
        id = place.batch(batch)
        lines = _lines(id, work_of_batch(place.engine, id, place.actor))
        asked = sum(line.command is not None for line in lines)
        if asked and not dry_run:
            question = f"Take back the advances of {asked} cycles?"
            confirm(question, action="undo", cycles=asked, yes=yes)
        _name(place, lines)
        done = run(place, lines, "taking back", dry_run=dry_run)
        return report(
            place, done, [Column("source", "from"), Column("target", "to")], "taken back", dry_run=dry_run
        )


def _lines(batch: str, work: BatchWork) -> list[Line]:
    from mentorcycle.domain.commands import UndoAdvance

    from .many import Line

    lines = []
    for advance in work.advances:
        more = {"source": advance.target, "target": advance.source}
        if advance.undone:
            lines.append(Line(advance.cycle, outcome="already-so", more=more))
        else:
            lines.append(Line(advance.cycle, command=UndoAdvance(advance.cycle, batch), more=more))
    return [*lines, *(_stays(id, events) for id, events in work.others.items())]


def _name(place: WritingPlace, lines: list[Line]) -> None:
    """Put the names of its people to every cycle."""
    from .sides import people_of

    cycles = {line.id: line for line in lines if line.id.startswith("c-")}
    states = [place.engine.cycle(id, place.actor) for id in cycles]
    names = place.queries.names({person for state in states for person in state.people})
    for state in states:
        cycles[state.id].name = people_of(state, names)


def _stays(id: str, events: tuple[str, ...]) -> Line:
    """Something else than an advance: a batch's undo leaves it."""
    from mentorcycle.domain.events import AdvanceUndone
    from mentorcycle.domain.refusal import Refusal

    from .many import Line

    why, fix = f"{', '.join(dict.fromkeys(events))} is not an advance", ""
    if set(events) == {AdvanceUndone.event_name}:
        why, fix = "an undo is not taken back: advance it again", f"mentorcycle advance {id}"
    refusal = Refusal("not-an-advance", f"{id} stays as it is", why, fix, {"id": id})
    return Line(id, outcome="stays", refusals=(refusal,))

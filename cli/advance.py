"""`advance`: one cycle or many leave their stage; every cycle gets its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options
from .session import Session, command
from .words import STDIN

if TYPE_CHECKING:
    from datetime import datetime

    from mentorcycle.domain.cycle import Cycle

    from .many import Line
    from .store import WritingPlace


@command()
@click.argument("words", nargs=-1, metavar="REF… [STAGE]")
@click.option("--to", "stage", metavar="STAGE", help="Where to; the same as a stage as the last word.")
@click.option("--all", "everything", is_flag=True, help="Every active cycle in --stage.")
@click.option("--stage", "source", metavar="STAGE", help="With --all: the stage they are in.")
@click.option("--ready", is_flag=True, help="Only those whose requirements are met; the others are listed.")
@click.option(
    "--from", "file", type=click.Path(dir_okay=False), metavar="FILE", help="CSV with a column cycle or id."
)
@options.on
@options.dry_run
@options.yes
def advance(
    session: Session,
    words: tuple[str, ...],
    stage: str | None,
    everything: bool,
    source: str | None,
    ready: bool,
    file: str | None,
    on: str | None,
    dry_run: bool,
    yes: bool,
) -> object:
    """Let one cycle or many leave their stage.

    The last of several words is the STAGE when it is the name of one; --to says it without doubt. REF `-` reads
    references from stdin, one a line (of a line with tabs the first field). A completed cycle is `advance REF
    completed`.

    \b
    mentorcycle advance c-7f3k
    mentorcycle advance c-7f3k c-9m2d observe
    mentorcycle advance --all --stage observe --ready
    mentorcycle list --stage observe --format plain | mentorcycle advance - --yes
    """
    from .store import writing

    if sum((bool(words), everything, file is not None)) != 1 or (everything and source is None):
        raise _usage("name cycles, or --from FILE, or --all with --stage.")
    if source is not None and not everything:
        raise _usage("--stage goes with --all; --to says where to.")
    with writing(session) as place:
        from .chosen import chosen

        lines, target = chosen(place, words, stage, source, file)
        if len(lines) == 1 and words and STDIN not in words and not ready:
            _one(place, lines[0].more["state"], target, on, dry_run=dry_run)
            return None
        return _many(place, lines, target, on, ready=ready, dry_run=dry_run, yes=yes)


def _usage(text: str) -> click.UsageError:
    return click.UsageError(text, click.get_current_context())


def _one(place: WritingPlace, cycle: Cycle, stage: str | None, on: str | None, *, dry_run: bool) -> None:
    from mentorcycle.domain.commands import Advance
    from mentorcycle.domain.events import CycleAdvanced

    from .sides import late_by
    from .taken import take

    taken = take(place, Advance(cycle.id, _target(place, cycle, stage)), on=on, dry_run=dry_run)
    label = place.label(cycle.id)
    event = taken.event(CycleAdvanced)
    late = f", {late_by(event.late_by)}" if event and event.late_by else ""
    if event is None:
        done = cycle.status.value == "completed"
        taken.say(f"{label} is {'completed' if done else f'in {cycle.stage}'}")
    elif event.target == "completed":
        taken.say(f"{label} is completed{late}")
    else:
        taken.say(f"{label} moves from {event.source} to {event.target}{late}")
        if not dry_run:
            place.session.talk(f"next: mentorcycle next {label}")


def _target(place: WritingPlace, cycle: Cycle, stage: str | None) -> str | None:
    """Where to, by name: a decision taken anew after somebody else advanced the cycle is then already so."""
    if stage is not None:
        return stage
    edge = place.engine.definition(cycle.id, place.actor).forward(cycle.stage)
    return edge.target if edge else None


def _many(
    place: WritingPlace,
    lines: list[Line],
    stage: str | None,
    on: str | None,
    *,
    ready: bool,
    dry_run: bool,
    yes: bool,
) -> object:
    from mentorcycle.domain.commands import Advance

    from .columns import Column
    from .confirm import confirm
    from .many import report, run
    from .sides import people_of

    at = place.when(on)
    names = place.queries.names({person for line in lines for person in line.more.get("people", ())})
    for line in lines:
        cycle: Cycle | None = line.more.get("state")
        if cycle is not None:
            line.name = people_of(cycle, names)
            target = _target(place, cycle, stage)
            line.more |= {"source": cycle.stage, "target": target}
            line.command = Advance(cycle.id, target)
    if ready:
        _leave_out_unready(place, lines, at)
    asked = sum(line.command is not None for line in lines)
    if asked and not dry_run:
        question = f"Advance {asked} cycle{'s' if asked != 1 else ''}{f' to {stage}' if stage else ''}?"
        confirm(question, action="advance", cycles=asked, yes=yes)
    done = run(place, lines, "advancing", at=at, dry_run=dry_run)
    columns = [Column("source", "from"), Column("target", "to")]
    return report(place, done, columns, "advanced", dry_run=dry_run, undo=True)


def _leave_out_unready(place: WritingPlace, lines: list[Line], at: datetime | None) -> None:
    """Settle those whose requirements are not met; a dry decision tells."""
    from .many import run

    run(place, lines, "looking", at=at, dry_run=True)
    for line in lines:
        if line.outcome in ("refused", "not-permitted"):
            line.outcome, line.command = "not-ready", None

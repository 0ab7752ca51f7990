"""What happened in a lesson and in the talk about it: observe, debrief, follow an action step up."""

from __future__ import annotations

import click

from mentorcycle.domain.vocabulary import EvidenceKind, Mode, StepOutcome

from ..choices import OneOf, choice
from ..dates import said
from ..words import Words, words
from .deed import Deed, on_cycle

_NUMBERS = ("time-on-task", "opportunities-to-respond", "interaction-ratio", "disruptions")


@on_cycle()
@click.option("--minutes", type=int, required=True, metavar="N", help="How long it was.")
@click.option("--observation", metavar="ID", help="Which one; needed when more than one is planned.")
@click.option("--observer", metavar="PERSON", help="Who looked, when not as planned.")
@click.option("--observed", metavar="PERSON", help="Whose lesson it was, when not as planned.")
@choice("--mode", of=Mode, default=Mode.IN_PERSON, help="How the lesson was seen")
@words("--context", help="The class and the lesson")
@words("--evidence", multiple=True, help="What was seen or heard, as a description; may be repeated")
@words("--judgement", multiple=True, help="A judgement: refused, report what was seen instead")
@click.option(
    "--number", "numbers", type=Words(), multiple=True, metavar="NAME=N", help=f"Of {', '.join(_NUMBERS)}."
)
def observe(
    deed: Deed,
    minutes: int,
    observation: str | None,
    observer: str | None,
    observed: str | None,
    mode: Mode,
    context: str | None,
    evidence: tuple[str, ...],
    judgement: tuple[str, ...],
    numbers: tuple[str, ...],
) -> None:
    """Record a lesson that was observed.

    Its focus should have been agreed before, with `cycle focus`. Words are for participants; a coordinator
    records that it happened.
    """
    from mentorcycle.domain.commands import CompleteObservation

    start = deed.place.when(deed.on) or deed.place.session.now()
    marked = (EvidenceKind.DESCRIPTION,) * len(evidence) + (EvidenceKind.JUDGEMENT,) * len(judgement)
    taken = deed.take(
        CompleteObservation(
            deed.cycle,
            start,
            minutes,
            observation or "",
            mode,
            deed.person(observer),
            deed.person(observed),
            marked,
            context,
            (*evidence, *judgement),
            _numbers(numbers),
        ),
        at=start if deed.on else None,
    )
    day = said(deed.place.programme.day(start))
    taken.say(f"observation {taken.part} of {deed.label} is recorded: {minutes} minutes on {day}")


def _numbers(typed: tuple[str, ...]) -> str | None:
    """The four numbers of a lesson as one text."""
    found = {}
    for text in typed:
        name, _, value = text.partition("=")
        key = name.strip().casefold().replace("_", "-")
        if key not in _NUMBERS or not value.strip():
            known = ", ".join(_NUMBERS)
            raise click.UsageError(f"--number takes NAME=N, of {known}.", click.get_current_context())
        found[key] = value.strip()
    return ", ".join(f"{key}={value}" for key, value in found.items()) or None


@on_cycle()
@click.option("--minutes", type=int, required=True, metavar="N", help="How long the talk was.")
@click.option("--observation", metavar="ID", help="Which one; needed when more than one is to be debriefed.")
@choice("--mode", of=Mode, default=Mode.IN_PERSON, help="How you met")
@click.option("--first-speaker", metavar="PERSON", help="Who spoke first.")
@words("--strength", multiple=True, help="A strength; at least one, they come first")
@words("--growth-point", help="The one point to grow at")
@words("--action-step", help="The one next step")
@click.option("--step-owner", metavar="PERSON", help="Who takes the step. [default: the observed person]")
@click.option("--check-back", metavar="DATE", help="When to look at the step again.")
@words("--goal-candidate", multiple=True, help="A goal for a later cycle")
def debrief(
    deed: Deed,
    minutes: int,
    observation: str | None,
    mode: Mode,
    first_speaker: str | None,
    strength: tuple[str, ...],
    growth_point: str | None,
    action_step: str | None,
    step_owner: str | None,
    check_back: str | None,
    goal_candidate: tuple[str, ...],
) -> None:
    """Record the talk about an observation.

    --on says when it was held. Late is recorded, never refused. A participant names a strength first.
    """
    from mentorcycle.domain.commands import HoldDebrief
    from mentorcycle.domain.events import DebriefHeld

    from ..sides import late_by

    taken = deed.take(
        HoldDebrief(
            deed.cycle,
            minutes,
            observation or "",
            mode=mode,
            first_speaker=deed.person(first_speaker),
            step_owner=deed.person(step_owner),
            check_back=deed.place.day(check_back) if check_back else None,
            strengths=strength,
            growth_point=growth_point,
            action_step=action_step,
            goal_candidates=goal_candidate,
        )
    )
    held = taken.event(DebriefHeld)
    late = f", {late_by(held.late_by)}" if held and held.late_by else ""
    step = f"; action step {held.step}" if held and held.step else ""
    taken.say(f"observation {taken.part} of {deed.label} is debriefed{late}{step}")


@on_cycle()
@click.argument("step")
@click.argument("outcome", type=OneOf(StepOutcome))
def step(deed: Deed, step: str, outcome: StepOutcome) -> None:
    """Say what became of an action step.

    STEP is its id in the cycle, such as s1.
    """
    from mentorcycle.domain.commands import CheckActionStep

    taken = deed.take(CheckActionStep(deed.cycle, step, outcome))
    taken.say(f"action step {step} of {deed.label}: {outcome.value}")

"""Goals: set, measured before, agreed, assessed; and what the participants expect of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mentorcycle.domain.vocabulary import Assessment, Direction, MeasureSource, TeachingArea, Unit

from ..choices import OneOf, choice
from ..number import NUMBER
from ..words import words
from .deed import Deed, on_cycle
from .peers import PEERS

if TYPE_CHECKING:
    from mentorcycle.domain.events import Peers

_WHICH = "Which goal; needed when there is more than one."


@on_cycle()
@click.option("--goal", metavar="ID", help="Change this goal; without it another one is set.")
@choice("--area", of=TeachingArea, help="Teaching area; needed for a new goal")
@words("--statement", help="What you want to reach")
@words("--measure", help="How you will know: the success measure")
@click.option("--measured", is_flag=True, help="There is a success measure, kept elsewhere.")
@click.option("--target", type=NUMBER, metavar="NUMBER", help="The number to reach.")
@choice("--unit", of=Unit, help="What the number counts")
@choice("--direction", of=Direction, help="Where the number should go")
@click.option("--due", metavar="DATE", help="By when.")
@click.option("--peers", type=PEERS, metavar="YES,…", help=PEERS.help)
def goal(
    deed: Deed,
    goal: str | None,
    area: TeachingArea | None,
    statement: str | None,
    measure: str | None,
    measured: bool,
    target: float | None,
    unit: Unit | None,
    direction: Direction | None,
    due: str | None,
    peers: Peers | None,
) -> None:
    """Set a goal, or change one.

    A changed goal keeps what is not named anew, and everybody has to agree it again. Only participants give
    words; a coordinator may record the rest, with --measured in place of --measure.
    """
    from mentorcycle.domain.commands import SetGoal

    known = deed.state.goal(goal) if goal else None
    kept = _kept_words(deed, known.statement, known.measure) if known else (None, None)
    wanted = area or (known.area if known else None)
    if wanted is None:
        raise click.UsageError("Missing option '--area': a new goal has one.", click.get_current_context())
    taken = deed.take(
        SetGoal(
            deed.cycle,
            wanted,
            goal or "",
            unit=unit or (known.unit if known else None),
            target=known.target if known and target is None else target,
            direction=direction or (known.direction if known else None),
            due=deed.place.day(due) if due else (known.due if known else None),
            peers=peers,
            measured=measured or bool(known and known.measured),
            statement=kept[0] if statement is None else statement,
            measure=kept[1] if measure is None else measure,
        )
    )
    taken.say(f"goal {taken.part} of {deed.label} is set")


def _kept_words(deed: Deed, statement: int, measure: int) -> tuple[str | None, str | None]:
    """Statement and measure of the goal as they were last said, for those who may read them."""
    from mentorcycle.domain.events import GoalSet

    history = deed.place.engine.history(deed.cycle, deed.place.actor, words=True)
    said = {r.version: r.event for r in history if isinstance(r.event, GoalSet)}
    kept = (said[statement].statement if statement else None, said[measure].measure if measure else None)
    return kept[0].text if kept[0] else None, kept[1].text if kept[1] else None


@on_cycle(dated=False)
@click.option("--goal", metavar="ID", help=_WHICH)
@click.option("--value", type=NUMBER, required=True, metavar="NUMBER", help="On the goal's own measure.")
@choice("--source", of=MeasureSource, required=True, help="Where it comes from")
@click.option("--on", "measured", metavar="DATE", help="When it was measured. [default: today]")
def baseline(deed: Deed, goal: str | None, value: float, source: MeasureSource, measured: str | None) -> None:
    """Record where a goal's measure stood before."""
    from mentorcycle.domain.commands import RecordBaseline

    which = deed.only("goal", goal, (g.id for g in deed.state.goals))
    day = deed.place.day(measured) if measured else deed.place.today
    taken = deed.take(RecordBaseline(deed.cycle, which, value, day, source))
    taken.say(f"goal {which} of {deed.label} starts from {value:g}")


@on_cycle()
@click.option("--goal", metavar="ID", help="Only this goal; without it every goal not yet agreed.")
def agree(deed: Deed, goal: str | None) -> None:
    """Agree the goals, each for themselves.

    A participant is named with --as. After a rematch goals are agreed anew.
    """
    from mentorcycle.domain.commands import AgreeGoals
    from mentorcycle.domain.events import GoalAgreed

    taken = deed.take(AgreeGoals(deed.cycle, goal))
    agreed = [r.event.goal for r in taken.receipt.events if isinstance(r.event, GoalAgreed)]
    who = deed.names([deed.place.actor.id])
    taken.say(
        f"{who} agrees {' and '.join(agreed)} of {deed.label}",
        already=f"{who} agreed {goal or 'every goal'} of {deed.label}",
    )


@on_cycle()
@click.option("--meetings-per-month", type=int, metavar="N", help="How often you mean to meet.")
@words("--expectations", help="What you expect of each other")
def expectations(deed: Deed, meetings_per_month: int | None, expectations: str | None) -> None:
    """Record expectations and how often to meet."""
    from mentorcycle.domain.commands import RecordExpectations

    taken = deed.take(RecordExpectations(deed.cycle, meetings_per_month, expectations))
    often = f": {meetings_per_month} meetings a month" if meetings_per_month else ""
    taken.say(f"expectations of {deed.label} are recorded{often}")


@on_cycle()
@click.argument("assessment", type=OneOf(Assessment))
@click.option("--goal", metavar="ID", help=_WHICH)
@click.option(
    "--value", type=NUMBER, metavar="NUMBER", help="The outcome, on the same measure as the baseline."
)
@click.option("--met", type=int, metavar="N", help="How many reached it …")
@click.option("--of", "assessed", type=int, metavar="N", help="… of how many.")
def assess(
    deed: Deed,
    assessment: Assessment,
    goal: str | None,
    value: float | None,
    met: int | None,
    assessed: int | None,
) -> None:
    """Say whether a goal was met.

    It is met, partly met, not met or dropped; the outcome is on the same measure as the baseline.
    """
    from mentorcycle.domain.commands import AssessGoal

    which = deed.only("goal", goal, (g.id for g in deed.state.goals))
    taken = deed.take(AssessGoal(deed.cycle, which, assessment, value, met, assessed))
    taken.say(f"goal {which} of {deed.label} is assessed: {assessment.value}")

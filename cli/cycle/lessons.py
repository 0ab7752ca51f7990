"""Planning a lesson's observation: the focus agreed before it, and when it is."""

from __future__ import annotations

import click

from mentorcycle.domain.vocabulary import CollectionMethod, Mode, ObservationCancelReason

from ..choices import choice
from ..words import words
from .deed import Deed, on_cycle

_WHICH = "Which observation; needed when more than one is planned."


@on_cycle()
@click.option(
    "--observation", metavar="ID", help="Change the focus of this one; without it another is planned."
)
@click.option("--observed", metavar="PERSON", help="Whose lesson it is. [default: the mentee]")
@click.option("--observer", metavar="PERSON", help="Who looks. [default: the other one of a pair]")
@words("--focus", help="What to look at; the observed person sets it")
@choice("--method", of=CollectionMethod, help="How evidence is collected; for participants only")
def focus(
    deed: Deed,
    observation: str | None,
    observed: str | None,
    observer: str | None,
    focus: str | None,
    method: CollectionMethod | None,
) -> None:
    """Agree what to look at before a lesson.

    Who observes whom, what to look at and how evidence is collected; an observation counts only when this was
    agreed before the lesson, by those who will be in it: nobody agrees it for them.
    """
    from mentorcycle.domain.commands import AgreeFocus

    whose, who = _roles(deed, observation, deed.person(observed), deed.person(observer))
    taken = deed.take(AgreeFocus(deed.cycle, whose, who, observation or "", focus, method))
    names = f"{deed.names([who])} observes {deed.names([whose])}"
    taken.say(f"the focus of observation {taken.part} of {deed.label} is agreed: {names}")


def _roles(
    deed: Deed, observation: str | None, observed: str | None, observer: str | None
) -> tuple[str, str]:
    """Who is observed by whom: as named, as planned before, or the mentee by the other one of a pair."""
    state = deed.state
    known = state.observation(observation) if observation else None
    if known and not (observed or observer):
        return known.observed, known.observer
    both = set(state.people) if len(state.people) == 2 else set()
    mentee = state.mentees[0] if len(state.mentees) == 1 and observer not in state.mentees else None
    whose = observed or next(iter(both - {observer} if observer in both else ()), mentee)
    who = observer or next(iter(both - {whose} if whose in both else ()), None)
    if whose is None or who is None:
        names = deed.names(state.people)
        raise click.UsageError(
            f"say who is --observed and who is --observer: in {deed.label} are {names}.",
            click.get_current_context(),
        )
    return whose, who


@on_cycle()
@click.option("--at", required=True, metavar="WHEN", help="When the lesson is: 2026-11-27T10:15, or a day.")
@click.option("--observation", metavar="ID", help=_WHICH)
@choice("--mode", of=Mode, default=Mode.IN_PERSON, help="How the lesson is seen")
def schedule(deed: Deed, at: str, observation: str | None, mode: Mode) -> None:
    """Say when an observation will be.

    Its focus is agreed already, with `cycle focus`.
    """
    from mentorcycle.domain.commands import ScheduleObservation
    from mentorcycle.domain.events import ObservationScheduled

    moment = deed.place.moment(at)
    taken = deed.take(ScheduleObservation(deed.cycle, moment, observation or "", mode))
    event = taken.event(ObservationScheduled)
    which = event.observation if event else observation or "it"
    taken.say(f"observation {which} of {deed.label} is planned for {deed.clock(moment)}")


@on_cycle()
@click.option("--at", required=True, metavar="WHEN", help="When the lesson is instead.")
@click.option("--observation", metavar="ID", help=_WHICH)
def reschedule(deed: Deed, at: str, observation: str | None) -> None:
    """Move an observation to another time."""
    from mentorcycle.domain.commands import RescheduleObservation

    moment = deed.place.moment(at)
    which = deed.only("observation", observation, _planned(deed))
    taken = deed.take(RescheduleObservation(deed.cycle, which, moment))
    taken.say(f"observation {which} of {deed.label} is moved to {deed.clock(moment)}")


@on_cycle()
@click.option("--observation", metavar="ID", help=_WHICH)
@choice("--reason", of=ObservationCancelReason, required=True, help="Why")
def cancel_observation(deed: Deed, observation: str | None, reason: ObservationCancelReason) -> None:
    """Cancel a planned observation.

    The cycle goes on; another one can be planned.
    """
    from mentorcycle.domain.commands import CancelObservation

    which = deed.only("observation", observation, _planned(deed))
    taken = deed.take(CancelObservation(deed.cycle, which, reason))
    taken.say(f"observation {which} of {deed.label} is cancelled: {reason.value}")


def _planned(deed: Deed) -> list[str]:
    return [o.id for o in deed.state.observations if o.completion is None and not o.cancelled]

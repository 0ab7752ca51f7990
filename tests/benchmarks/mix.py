"""The commands that are timed, and the calls that stand for them in the stock application.

Each gives one event. Single commands are what a pair in stage `observe` does, words included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.vocabulary import (
    Audience,
    CollectionMethod,
    ContactKind,
    EvidenceKind,
    ExtendGround,
    Formality,
    Mode,
    Size,
)

from .corpus import Pair
from .lives import COORDINATOR
from .stock import envelope

NOTES = "She asked every table once and waited; two students who never speak did."
EVIDENCE = ("09:05 nine hands after four seconds of waiting.", "09:20 thirteen of twenty-four have spoken.")
CONTACT = {
    "contact": "k",
    "kind": ContactKind.CHECK_IN.value,
    "mode": Mode.IN_PERSON.value,
    "formality": Formality.INFORMAL.value,
}
CELEBRATION = {
    "celebration": "b",
    "stage": "observe",
    "size": Size.SMALL.value,
    "audience": Audience.PAIR.value,
}

Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Act:
    """One command, who gives it, and the stock method with its arguments."""

    command: Command
    actor: Actor
    call: Call


def observing(pair: Pair, now: datetime) -> Sequence[Act]:
    """Eight commands of a pair in stage `observe`, in the order in which they must come."""
    mentee, mentor = Actor.participant(pair.mentee), Actor.participant(pair.mentor)
    people = [pair.mentee, pair.mentor]
    start, until = now - timedelta(hours=2), now.date() + timedelta(days=300)
    seen = {"observation": "o99", "observer": pair.mentor, "observed": pair.mentee}
    return (
        Act(
            c.LogContact(pair.cycle, 20, notes=NOTES),
            mentee,
            (
                "contact_logged",
                {**CONTACT, "minutes": 20, "people": people, "notes": NOTES, "by": _by(mentee, now)},
            ),
        ),
        Act(
            c.AgreeFocus(
                pair.cycle, pair.mentee, pair.mentor, focus="Who speaks?", method=CollectionMethod.TALLY
            ),
            mentee,
            ("focus_agreed", {**seen, "focus": "Who speaks?", "method": "tally", "by": _by(mentee, now)}),
        ),
        Act(
            c.ScheduleObservation(pair.cycle, start),
            COORDINATOR,
            (
                "observation_scheduled",
                {"observation": "o99", "at": start, "mode": "in-person", "by": _by(COORDINATOR, now)},
            ),
        ),
        Act(
            c.CompleteObservation(
                pair.cycle,
                start,
                45,
                kinds=(EvidenceKind.DESCRIPTION,) * 2,
                context="Year 7, fractions.",
                evidence=EVIDENCE,
            ),
            mentor,
            (
                "observation_completed",
                {
                    **seen,
                    "start": start,
                    "minutes": 45,
                    "mode": "in-person",
                    "context": "Year 7, fractions.",
                    "evidence": list(EVIDENCE),
                    "by": _by(mentor, now),
                },
            ),
        ),
        Act(
            c.HoldDebrief(
                pair.cycle,
                30,
                step_owner=pair.mentee,
                strengths=("You waited.",),
                growth_point="Ask the back tables.",
                action_step="Ask one student of each table.",
            ),
            mentor,
            (
                "debrief_held",
                {
                    "observation": "o99",
                    "held": now,
                    "minutes": 30,
                    "mode": "in-person",
                    "step": "s99",
                    "step_owner": pair.mentee,
                    "strengths": ["You waited."],
                    "growth_point": "Ask the back tables.",
                    "action_step": "Ask one student of each table.",
                    "by": _by(mentor, now),
                },
            ),
        ),
        Act(
            c.Extend(pair.cycle, until, ExtendGround.MORE_EVIDENCE),
            COORDINATOR,
            (
                "cycle_extended",
                {
                    "stage": "observe",
                    "ground": "more-evidence",
                    "old_due": str(now.date()),
                    "new_due": str(until),
                    "by": _by(COORDINATOR, now),
                },
            ),
        ),
        _celebrated(pair, mentor, now),
        _contact(pair, now),
    )


def in_turn(pairs: Sequence[Pair], now: datetime) -> list[Act]:
    """What all these pairs do, step by step over all of them, so that no cycle comes twice in a row."""
    return [act for step in zip(*(observing(pair, now) for pair in pairs), strict=True) for act in step]


def by_coordinator(pair: Pair, now: datetime) -> Sequence[Act]:
    """Two commands without words, as a coordinator gives them in bulk."""
    celebrated = {**CELEBRATION, "by": _by(COORDINATOR, now)}
    return (
        _contact(pair, now),
        Act(c.Celebrate(pair.cycle), COORDINATOR, ("celebration_held", celebrated)),
    )


def _contact(pair: Pair, now: datetime) -> Act:
    given = {**CONTACT, "minutes": 20, "people": [pair.mentee, pair.mentor], "by": _by(COORDINATOR, now)}
    return Act(c.LogContact(pair.cycle, 20), COORDINATOR, ("contact_logged", given))


def _celebrated(pair: Pair, mentor: Actor, now: datetime) -> Act:
    given = {**CELEBRATION, "achievement": "Thirteen spoke.", "by": _by(mentor, now)}
    return Act(c.Celebrate(pair.cycle, achievement="Thirteen spoke."), mentor, ("celebration_held", given))


def _by(actor: Actor, now: datetime) -> dict[str, Any]:
    return envelope(actor, f"{actor.id}-{now:%Y%m%d%H%M%S%f}", now)

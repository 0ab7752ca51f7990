"""The requirements that definitions put on edges: each looks at a cycle and names what is missing.

No requirement looks into words, only whether they are there. Which edge asks which is the definition's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .cycle.state import Cycle, Goal, Observation
from .definition import Edge, Trigger
from .refusal import Fact
from .vocabulary import Assessment

Parameters = Mapping[str, int | bool | str]
Names = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Unmet:
    """One thing that is missing: `who` must act, by person id, and `fix` says what would meet it."""

    code: str
    why: str
    fix: str
    who: tuple[str, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)


Check = Callable[[Cycle, Parameters, Names], Iterable[Unmet]]
CHECKS: dict[str, Check] = {}


def unmet(edge: Edge, cycle: Cycle, names: Names) -> tuple[Unmet, ...]:
    """Everything that an edge asks for and the cycle does not have; `names` tells how to call a person.

    After a rematch no way leads forward before the goals are agreed anew, whatever the edge itself asks for.
    """
    asked = tuple(
        missing for use in edge.requires for missing in CHECKS[use.name](cycle, use.parameters, names)
    )
    if edge.trigger is not Trigger.ADVANCE or any(use.name == "goals-agreed" for use in edge.requires):
        return asked
    return (*_not_agreed((goal for goal in cycle.goals if _to_agree_anew(goal)), cycle, names), *asked)


def _to_agree_anew(goal: Goal) -> bool:
    dropped = goal.outcome is not None and goal.outcome.assessment is Assessment.DROPPED
    return goal.anew and not dropped


def _requirement(name: str) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return register


@_requirement("goals-set")
def _goals_set(cycle: Cycle, parameters: Parameters, names: Names) -> Iterator[Unmet]:
    minimum = int(parameters["minimum"])
    complete = [goal for goal in cycle.goals if goal.measured and goal.target is not None]
    if len(complete) >= minimum:
        return
    facts: dict[str, Fact] = {}
    if not cycle.goals:
        why = "no goal is set"
    elif minimum == 1:
        first = cycle.goals[0]
        facts = {"goal": first.id}
        lacks = [
            word
            for word, there in (("success measure", first.measured), ("target", first.target is not None))
            if not there
        ]
        why = f"goal {first.id} has no {' and no '.join(lacks)}"
    else:
        why = f"{len(complete)} of {minimum} goals have a success measure and a target"
    yield Unmet("goals-set", why, "set a goal with a measure and a target", cycle.mentees, facts)


@_requirement("goals-agreed")
def _goals_agreed(cycle: Cycle, parameters: Parameters, names: Names) -> Iterator[Unmet]:
    return _not_agreed(cycle.goals, cycle, names)


def _not_agreed(goals: Iterable[Goal], cycle: Cycle, names: Names) -> Iterator[Unmet]:
    for goal in goals:
        missing = tuple(p for p in cycle.people if p not in goal.agreed)
        if missing:
            who = " and ".join(names(person) for person in missing)
            verb = "has" if len(missing) == 1 else "have"
            yield Unmet(
                "goals-agreed",
                f"{who} {verb} not agreed goal {goal.id}",
                f"{who} can agree it",
                missing,
                {"goal": goal.id, "person": missing[0]},
            )


@_requirement("baseline-present")
def _baseline_present(cycle: Cycle, parameters: Parameters, names: Names) -> Iterator[Unmet]:
    for goal in cycle.goals:
        if goal.baseline is None and ("baseline", goal.id) not in cycle.waived:
            yield Unmet(
                "baseline-present",
                f"goal {goal.id} has no baseline",
                "record the baseline, or waive it with a reason",
                cycle.mentees,
                {"goal": goal.id},
            )


@_requirement("expectations-recorded")
def _expectations(cycle: Cycle, parameters: Parameters, names: Names) -> Iterator[Unmet]:
    if not cycle.expectations:
        yield Unmet(
            "expectations-recorded",
            "no expectations and meeting cadence are recorded",
            "record what you expect of each other and how often you meet",
            cycle.people,
        )


@_requirement("observations-completed")
def _observations_completed(cycle: Cycle, parameters: Parameters, names: Names) -> Iterator[Unmet]:
    minimum = int(parameters["minimum"])
    completed = cycle.completed_observations
    counted = [o for o in completed if o.completion is not None and o.completion.focus_first]
    if len(counted) >= minimum:
        return
    fix = "agree a focus, observe a lesson and record it"
    why = f"{len(counted)} of {minimum} observations are completed"
    if len(completed) > len(counted):
        why = f"{len(counted)} of {minimum} completed observations had a focus agreed before the lesson"
        fix = "agree a focus before the next lesson, or correct the day on which one was agreed"
    planned = next((o for o in cycle.observations if _can_be_held(o, cycle)), None)
    facts: dict[str, Fact] = {"have": len(counted), "need": minimum}
    if planned is not None:
        facts["observation"] = planned.id
    elif cycle.mentees:
        facts["person"] = cycle.mentees[0]
    yield Unmet("observations-completed", why, fix, (planned.observer,) if planned else cycle.people, facts)


def _can_be_held(observation: Observation, cycle: Cycle) -> bool:
    """Whether it is still to come, and between people who are still here: a rematch may have taken one away."""
    there = {observation.observer, observation.observed} <= set(cycle.people)
    return observation.completion is None and not observation.cancelled and there


@_requirement("observations-debriefed")
def _observations_debriefed(cycle: Cycle, parameters: Parameters, names: Names) -> Iterator[Unmet]:
    for observation in cycle.completed_observations:
        if observation.debrief is None and ("debrief", observation.id) not in cycle.waived:
            yield Unmet(
                "observations-debriefed",
                f"observation {observation.id} is not debriefed",
                "hold the debrief and record it, or waive it with a reason",
                (observation.observed, observation.observer),
                {"observation": observation.id},
            )


@_requirement("reflections-written")
def _reflections_written(cycle: Cycle, parameters: Parameters, names: Names) -> Iterator[Unmet]:
    wanted = cycle.people if parameters["by"] == "everyone" else cycle.mentees
    for person in wanted:
        if person not in cycle.reflections:
            yield Unmet(
                "reflections-written",
                f"{names(person)} has not written a reflection",
                f"{names(person)} writes it; nobody else can",
                (person,),
                {"person": person},
            )


@_requirement("goals-assessed")
def _goals_assessed(cycle: Cycle, parameters: Parameters, names: Names) -> Iterator[Unmet]:
    for goal in cycle.goals:
        if goal.outcome is None:
            yield Unmet(
                "goals-assessed",
                f"goal {goal.id} is not assessed",
                "say whether the goal was met, partly met, not met or dropped",
                cycle.people,
                {"goal": goal.id},
            )


@_requirement("celebrations-recorded")
def _celebrations(cycle: Cycle, parameters: Parameters, names: Names) -> Iterator[Unmet]:
    minimum = int(parameters["minimum"])
    counted = [c for c in cycle.celebrations if c.stage == cycle.stage or not parameters["in_stage"]]
    if len(counted) < minimum:
        where = f" in {cycle.stage}" if parameters["in_stage"] else ""
        yield Unmet(
            "celebrations-recorded",
            f"{len(counted)} of {minimum} celebrations are recorded{where}",
            "record what is celebrated",
            cycle.people,
            {"have": len(counted), "need": minimum},
        )


@_requirement("contacts-logged")
def _contacts_logged(cycle: Cycle, parameters: Parameters, names: Names) -> Iterator[Unmet]:
    minimum, minutes = int(parameters["minimum"]), int(parameters["minutes"])
    total = sum(contact.minutes for contact in cycle.contacts)
    if len(cycle.contacts) < minimum or total < minutes:
        yield Unmet(
            "contacts-logged",
            f"{len(cycle.contacts)} of {minimum} contacts with {total} of {minutes} minutes are logged",
            "log the contact",
            cycle.people,
            {"have": len(cycle.contacts), "need": minimum, "minutes": total},
        )

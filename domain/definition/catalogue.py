"""The requirements an edge may name, as data: what each means, needs and takes.

For checking and explaining definitions. The functions that judge a cycle by these names live with the
rules. Defaults are part of what published definitions say: a default is never changed, a parameter is
only added with a default that keeps the old meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from .model import Activity, Capacity, Parameter

LARGEST = 100_000


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """What a parameter may be; `minimum` is for whole numbers, `choices` for words."""

    kind: Literal["int", "bool", "choice"]
    default: Parameter
    meaning: str
    minimum: int = 0
    choices: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """The values it takes, in words."""
        if self.kind == "int":
            return f"a whole number from {self.minimum} to {LARGEST}"
        if self.kind == "bool":
            return "true or false"
        return " or ".join(f'"{choice}"' for choice in self.choices)

    def allows(self, value: object) -> bool:
        """Whether the value is one of those; true and false are not numbers here."""
        if self.kind == "int":
            return type(value) is int and self.minimum <= value <= LARGEST
        if self.kind == "bool":
            return isinstance(value, bool)
        return value in self.choices


EVERYBODY = (Capacity.MENTEE, Capacity.MENTOR)
PEOPLE = (*EVERYBODY, Capacity.COORDINATOR)
"""Who does work at all: the system does nothing of its own but closing what is idle."""


@dataclass(frozen=True, slots=True)
class Need:
    """Work without which nobody could ever meet a requirement.

    One of `PEOPLE` must be able to do it (of `EVERYBODY`, where only participants may); work that is done by `each`
    for themselves, every capacity named there.
    Where `each` hangs on a parameter, `by_parameter` has its name and what each value comes to.
    """

    activity: Activity
    each: tuple[Capacity, ...] = ()
    by_parameter: tuple[str, Mapping[Parameter, tuple[Capacity, ...]]] | None = None

    def from_each(self, parameters: Mapping[str, Parameter]) -> tuple[Capacity, ...]:
        """The capacities that must all be able to do it; none when one of `PEOPLE` will do."""
        if self.by_parameter is None:
            return self.each
        name, each = self.by_parameter
        return each[parameters[name]]


@dataclass(frozen=True, slots=True)
class RequirementSpec:
    """One requirement: what it means, the work it `needs`, the parameters it takes."""

    meaning: str
    needs: tuple[Need, ...]
    parameters: Mapping[str, ParameterSpec] = field(default_factory=dict)


def _at_least(what: str, minimum: int = 1) -> dict[str, ParameterSpec]:
    return {"minimum": ParameterSpec("int", 1, f"how many {what} at least", minimum)}


CATALOGUE: Mapping[str, RequirementSpec] = MappingProxyType({
    "goals-set": RequirementSpec(
        "there are goals with a measure and a target", (Need(Activity.GOAL),), _at_least("goals")
    ),
    "goals-agreed": RequirementSpec(
        "every participant agreed to every current goal", (Need(Activity.GOAL), Need(Activity.AGREEMENT, EVERYBODY))
    ),
    "baseline-present": RequirementSpec(
        "every current goal has a baseline, or a waiver with a reason", (Need(Activity.BASELINE),)
    ),
    "expectations-recorded": RequirementSpec(
        "expectations and the cadence of meetings are recorded", (Need(Activity.EXPECTATIONS),)
    ),
    "observations-completed": RequirementSpec(
        "there are completed observations whose focus was agreed first",
        (Need(Activity.FOCUS), Need(Activity.OBSERVATION)),
        _at_least("observations"),
    ),
    "observations-debriefed": RequirementSpec(
        "every completed observation is debriefed, or waived with a reason", (Need(Activity.DEBRIEF),)
    ),
    "reflections-written": RequirementSpec(
        "the participants who have to reflect did so",
        (
            Need(
                Activity.REFLECTION,
                by_parameter=("by", {"mentees": (Capacity.MENTEE,), "everyone": EVERYBODY}),
            ),
        ),
        {"by": ParameterSpec("choice", "mentees", "whose reflections", choices=("mentees", "everyone"))},
    ),
    "goals-assessed": RequirementSpec("every current goal is assessed", (Need(Activity.ASSESSMENT),)),
    "celebrations-recorded": RequirementSpec(
        "there are celebrations",
        (Need(Activity.CELEBRATION),),
        _at_least("celebrations")
        | {"in_stage": ParameterSpec("bool", True, "count only those recorded in the stage that is left")},
    ),
    "contacts-logged": RequirementSpec(
        "contacts are logged, in number and in minutes together",
        (Need(Activity.CONTACT),),
        _at_least("contacts", minimum=0)
        | {"minutes": ParameterSpec("int", 0, "how many minutes at least, of all contacts together")},
    ),
})  # fmt: skip

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

from .model import Activity, Parameter

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


@dataclass(frozen=True, slots=True)
class RequirementSpec:
    """One requirement: `needs` are the activities without which nobody could ever meet it."""

    meaning: str
    needs: tuple[Activity, ...]
    parameters: Mapping[str, ParameterSpec] = field(default_factory=dict)


def _at_least(what: str, minimum: int = 1) -> dict[str, ParameterSpec]:
    return {"minimum": ParameterSpec("int", 1, f"how many {what} at least", minimum)}


CATALOGUE: Mapping[str, RequirementSpec] = MappingProxyType({
    "goals-set": RequirementSpec(
        "there are goals with a measure and a target", (Activity.GOAL,), _at_least("goals")
    ),
    "goals-agreed": RequirementSpec(
        "every participant agreed to every current goal", (Activity.GOAL, Activity.AGREEMENT)
    ),
    "baseline-present": RequirementSpec(
        "every current goal has a baseline, or a waiver with a reason", (Activity.BASELINE,)
    ),
    "expectations-recorded": RequirementSpec(
        "expectations and the cadence of meetings are recorded", (Activity.EXPECTATIONS,)
    ),
    "observations-completed": RequirementSpec(
        "there are completed observations whose focus was agreed first",
        (Activity.FOCUS, Activity.OBSERVATION),
        _at_least("observations"),
    ),
    "observations-debriefed": RequirementSpec(
        "every completed observation is debriefed, or waived with a reason", (Activity.DEBRIEF,)
    ),
    "reflections-written": RequirementSpec(
        "the participants who have to reflect did so",
        (Activity.REFLECTION,),
        {"by": ParameterSpec("choice", "mentees", "whose reflections", choices=("mentees", "everyone"))},
    ),
    "goals-assessed": RequirementSpec("every current goal is assessed", (Activity.ASSESSMENT,)),
    "celebrations-recorded": RequirementSpec(
        "there are celebrations",
        (Activity.CELEBRATION,),
        _at_least("celebrations")
        | {"in_stage": ParameterSpec("bool", True, "count only those recorded in the stage that is left")},
    ),
    "contacts-logged": RequirementSpec(
        "contacts are logged, in number and in minutes together",
        (Activity.CONTACT,),
        _at_least("contacts", minimum=0)
        | {"minutes": ParameterSpec("int", 0, "how many minutes at least, of all contacts together")},
    ),
})  # fmt: skip

"""A cycle's definition as values: stages, edges between them, activities, roles, budgets.

What the rules ask on every command, answered from lookups made once. Not for reading files (`loader`)
nor for judging whether a cycle may move (that is decided elsewhere, from the names found here).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

COMPLETED = "completed"
"""The target of the last edge; reserved, never a stage."""

RESERVED = frozenset({"active", "cancelled", COMPLETED, "paused"})
"""Words of a cycle's status, which is orthogonal to its stage: no stage may be called so."""

Parameter = int | bool | str


class Capacity(StrEnum):
    """In what role somebody acts on a cycle."""

    MENTEE = "mentee"
    MENTOR = "mentor"
    COORDINATOR = "coordinator"
    SYSTEM = "system"


class Activity(StrEnum):
    """A kind of work that is recorded in a stage."""

    GOAL = "goal"
    BASELINE = "baseline"
    AGREEMENT = "agreement"
    EXPECTATIONS = "expectations"
    FOCUS = "focus"
    SCHEDULE = "schedule"
    OBSERVATION = "observation"
    DEBRIEF = "debrief"
    ACTION_STEP = "action-step"
    REFLECTION = "reflection"
    ASSESSMENT = "assessment"
    CELEBRATION = "celebration"
    CONSENT = "consent"
    CONTACT = "contact"
    WAIVER = "waiver"


PERSONAL = frozenset({Activity.AGREEMENT, Activity.FOCUS, Activity.REFLECTION, Activity.CONSENT})
"""What only participants do, and nobody on their behalf: a promise of the product, not of a definition."""


class Trigger(StrEnum):
    """How an edge is taken: the one way forward, or back by naming the stage."""

    ADVANCE = "advance"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class RequirementUse:
    """A requirement of the catalogue as an edge uses it; `parameters` are complete, defaults filled in."""

    name: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Edge:
    """A permitted move between two stages, or from the last one to `COMPLETED`."""

    source: str
    target: str
    trigger: Trigger
    by: tuple[Capacity, ...]
    requires: tuple[RequirementUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage; `budget` and `stalled_after` are school days."""

    name: str
    title: str
    budget: int
    stalled_after: int
    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True)
class DefinitionRef:
    """What a cycle pins: a name and version for people, a digest for proof."""

    name: str
    version: int
    digest: str

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a programme's cycle; consistent when it comes from the loader.

    `debrief_within` is school days after an observation, `mentor_capacity` open cycles. `digest` covers the
    content, `source` is the text it was read from and no part of equality.
    """

    name: str
    version: int
    title: str
    initial: str
    stages: tuple[Stage, ...]
    edges: tuple[Edge, ...]
    permissions: Mapping[Activity, tuple[Capacity, ...]]
    debrief_within: int
    mentor_capacity: int
    digest: str
    source: str = field(default="", repr=False, compare=False)
    _stages: Mapping[str, Stage] = field(init=False, repr=False, compare=False)
    _edges: Mapping[tuple[str, str], Edge] = field(init=False, repr=False, compare=False)
    _forward: Mapping[str, Edge] = field(init=False, repr=False, compare=False)
    _leaving: Mapping[str, tuple[Edge, ...]] = field(init=False, repr=False, compare=False)
    _accepting: Mapping[Activity, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        leaving = {s.name: tuple(e for e in self.edges if e.source == s.name) for s in self.stages}
        accepting = {a: tuple(s.name for s in self.stages if a in s.activities) for a in Activity}
        lookups: dict[str, object] = {
            "_stages": {stage.name: stage for stage in self.stages},
            "_edges": {(edge.source, edge.target): edge for edge in self.edges},
            "_forward": {edge.source: edge for edge in self.edges if edge.trigger is Trigger.ADVANCE},
            "_leaving": leaving,
            "_accepting": accepting,
        }
        for name, lookup in lookups.items():
            object.__setattr__(self, name, lookup)

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def ref(self) -> DefinitionRef:
        """What a cycle pins when it starts."""
        return DefinitionRef(self.name, self.version, self.digest)

    def stage(self, name: str) -> Stage | None:
        """The stage of that name; None for `COMPLETED` and for unknown names."""
        return self._stages.get(name)

    def accepts(self, stage: str, activity: Activity) -> bool:
        """Whether the stage takes such work; an unknown stage takes none."""
        return stage in self._accepting[activity]

    def stages_accepting(self, activity: Activity) -> tuple[str, ...]:
        """Names of the stages that take such work, in the definition's order."""
        return self._accepting[activity]

    def forward(self, stage: str) -> Edge | None:
        """The one edge that `advance` takes without naming a stage."""
        return self._forward.get(stage)

    def edge(self, source: str, target: str) -> Edge | None:
        """The edge between two stages, forward or back."""
        return self._edges.get((source, target))

    def edges_from(self, stage: str) -> tuple[Edge, ...]:
        """Every edge that leaves the stage, in the definition's order."""
        return self._leaving.get(stage, ())

    def permitted(self, activity: Activity) -> tuple[Capacity, ...]:
        """Who may record such work; nobody when the definition does not use it."""
        return self.permissions.get(activity, ())

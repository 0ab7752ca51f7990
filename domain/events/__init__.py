"""Everything that can have happened, by stored name. A class is loaded when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import registry
from .registry import Event, event

if TYPE_CHECKING:
    from .course import (
        AdvanceUndone,
        Carried,
        CycleAdvanced,
        CycleCancelled,
        CycleCorrected,
        CycleExtended,
        CycleFollowed,
        CycleOpened,
        CyclePaused,
        CycleReopened,
        CycleResumed,
        FieldValue,
        Participant,
        PartnerChanged,
        RematchAsked,
        RequirementWaived,
    )
    from .people import (
        DoNotPair,
        EvaluatorNamed,
        EvaluatorRemoved,
        PairingEnded,
        PairingPublished,
        PersonAbsorbed,
        PersonAdded,
        PersonChanged,
        PersonLeft,
        PersonMerged,
        PersonReturned,
    )
    from .programme import (
        DefinitionPublished,
        ProgrammeChanged,
        ProgrammeCreated,
        SchoolClosed,
        SchoolOpened,
    )
    from .registry import EVENTS
    from .work import (
        ActionStepChecked,
        BaselineRecorded,
        CelebrationHeld,
        ConsentGiven,
        ContactLogged,
        DebriefHeld,
        ExpectationsRecorded,
        FocusAgreed,
        GoalAgreed,
        GoalAssessed,
        GoalSet,
        ObservationCancelled,
        ObservationCompleted,
        ObservationRescheduled,
        ObservationScheduled,
        Peers,
        ReflectionWritten,
    )

__all__ = [
    "EVENTS",
    "ActionStepChecked",
    "AdvanceUndone",
    "BaselineRecorded",
    "Carried",
    "CelebrationHeld",
    "ConsentGiven",
    "ContactLogged",
    "CycleAdvanced",
    "CycleCancelled",
    "CycleCorrected",
    "CycleExtended",
    "CycleFollowed",
    "CycleOpened",
    "CyclePaused",
    "CycleReopened",
    "CycleResumed",
    "DebriefHeld",
    "DefinitionPublished",
    "DoNotPair",
    "EvaluatorNamed",
    "EvaluatorRemoved",
    "Event",
    "ExpectationsRecorded",
    "FieldValue",
    "FocusAgreed",
    "GoalAgreed",
    "GoalAssessed",
    "GoalSet",
    "ObservationCancelled",
    "ObservationCompleted",
    "ObservationRescheduled",
    "ObservationScheduled",
    "PairingEnded",
    "PairingPublished",
    "Participant",
    "PartnerChanged",
    "Peers",
    "PersonAbsorbed",
    "PersonAdded",
    "PersonChanged",
    "PersonLeft",
    "PersonMerged",
    "PersonReturned",
    "ProgrammeChanged",
    "ProgrammeCreated",
    "ReflectionWritten",
    "RematchAsked",
    "RequirementWaived",
    "SchoolClosed",
    "SchoolOpened",
    "event",
    "named",
]

_HOMES = ("programme", "people", "course", "work")
"""In the order of their size: whoever asks for little loads little."""


def named(name: str) -> type[Event] | None:
    """The event of that stored name; None when there is none."""
    for home in _HOMES:
        import_module(f".{home}", __name__)
        if name in registry.EVENTS:
            break
    return registry.EVENTS.get(name)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    modules = (import_module(f".{home}", __name__) for home in _HOMES)
    if name == "EVENTS":
        list(modules)  # whoever wants them all has them all
        return registry.EVENTS
    found = globals()[name] = next(vars(module)[name] for module in modules if name in vars(module))
    return found

"""Commands to paste: by the code of a refusal what would help, with the facts of the case filled in; and for errors.

A template names facts in braces; values are quoted for the shell. Of several templates the first whose facts are all
known is taken. Where there is none, the refusal's own words stand.
"""

from __future__ import annotations

from collections.abc import Mapping

from mentorcycle.domain.errors import Ambiguous, MentorcycleError, NotFound
from mentorcycle.domain.refusal import Fact, Refusal

Template = str | tuple[str, ...]

PASTE: dict[str, Template] = {
    "goals-set": (
        'mentorcycle cycle goal {cycle} --goal {goal} --measure "…" --target 80 --unit percent',
        'mentorcycle cycle goal {cycle} --area engagement --measure "…" --target 80 --unit percent',
    ),
    "goals-agreed": "mentorcycle cycle agree {cycle} --goal {goal} --as {person}",
    "baseline-present": "mentorcycle cycle baseline {cycle} --goal {goal} --value 60 --source observation",
    "expectations-recorded": "mentorcycle cycle expectations {cycle} --meetings-per-month 4",
    "observations-completed": (
        "mentorcycle cycle observe {cycle} --observation {observation} --minutes 45",
        "mentorcycle cycle focus {cycle} --as {person} && mentorcycle cycle observe {cycle} --minutes 45",
    ),
    "observations-debriefed": "mentorcycle cycle debrief {cycle} --observation {observation} --minutes 30",
    "reflections-written": "mentorcycle cycle reflect {cycle} --as {person} --reflection -",
    "goals-assessed": "mentorcycle cycle assess {cycle} met --goal {goal}",
    "celebrations-recorded": "mentorcycle cycle celebrate {cycle}",
    "contacts-logged": "mentorcycle cycle checkin {cycle} --minutes 30",
    "no-consent": "mentorcycle cycle consent {cycle} {audience} --as {person}",
    "no-such-move": "mentorcycle next {cycle}",
    "wrong-stage": "mentorcycle next {cycle}",
    "cycle-paused": "mentorcycle cycle resume {cycle}",
    "cycle-cancelled": "mentorcycle cycle reopen {cycle} --reason closed-by-mistake",
    "cycle-completed": "mentorcycle cycle next-cycle {cycle}",
    "completed": "mentorcycle cycle next-cycle {cycle}",
    "not-completed": "mentorcycle next {cycle}",
    "moved-since": "mentorcycle cycle undo {cycle}",
    "no-such-programme": "mentorcycle db init",
    "programme-exists": "mentorcycle db init --change --program {programme} --name {name} --zone {zone}",
    "not-paired": 'mentorcycle pair publish {person} "…"',
    "already-paired": "mentorcycle pair end {person}",
    "still-paired": "mentorcycle pair end {person}",
    "person-left": "mentorcycle person return {person}",
    "over-capacity": "mentorcycle person change {person} --capacity {load}",
}
"""Code to template; a code stands here when the command that helps is the same in every case."""

CORRECTION = "mentorcycle cycle correct {cycle} EVENT --set FIELD=VALUE --reason late-entry"
ALSO: dict[str, Template] = {"wrong-stage": CORRECTION}
"""Code to a second way that the refusal's own fix speaks of; its words then stand between both commands."""

WHERE = {
    "cycle": ("mentorcycle list",),
    "person": ("mentorcycle person list",),
    "cycle or person": ("mentorcycle list", "mentorcycle person list"),
    "batch": ("mentorcycle batch list",),
}
"""Kind of what was not found to the commands that list all there are."""
_SHOWN = 5


def fixes_for(error: MentorcycleError) -> tuple[str, ...]:
    """What would help against an error."""
    match error:
        case NotFound(kind=kind, fix="") if kind in WHERE:
            return WHERE[kind]
        case Ambiguous(reference=reference, candidates=candidates):
            ids = [candidate.partition(" ")[0] for candidate in candidates[:_SHOWN]]
            more = "" if _is_all_of(reference, candidates) else "type more of it, or "
            return (f"{more}use an id: {' or '.join(ids)}",)
    return (error.fix,) if error.fix else ()


def _is_all_of(typed: str, candidates: tuple[str, ...]) -> bool:
    """Whether it is the whole name of somebody in every candidate, so that there is no more to type."""
    from mentorcycle.projections.folding import folded

    names = (candidate.partition(" ")[2].replace(" / ", ", ").split(", ") for candidate in candidates)
    return all(folded(typed) in map(folded, some) for some in names)


def remedies(refusal: Refusal) -> tuple[str, ...]:
    """Everything that would help, the nearest first."""
    also = _filled(refusal, ALSO)
    return tuple(filter(None, (remedy(refusal), refusal.fix, also) if also else (remedy(refusal),)))


def remedy(refusal: Refusal, templates: Mapping[str, Template] = PASTE) -> str:
    """A command for the shell, or the refusal's own fix."""
    return _filled(refusal, templates) or refusal.fix


def _filled(refusal: Refusal, templates: Mapping[str, Template]) -> str:
    known = templates.get(refusal.code, ())
    facts = {name: _quoted(fact) for name, fact in refusal.facts.items()}
    for template in (known,) if isinstance(known, str) else known:
        try:
            return template.format_map(facts)
        except KeyError:
            continue
    return ""


def _quoted(fact: Fact) -> str:
    from shlex import quote

    return quote(str(fact))

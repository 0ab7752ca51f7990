"""Commands to paste, by the code of a refusal: what would help, with the facts of the case filled in.

A template names facts in braces; values are quoted for the shell. Of several templates the first whose facts are all
known is taken. Where there is none, the refusal's own words stand.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    "not-paired": 'mentorcycle pair publish {person} "…"',
    "already-paired": "mentorcycle pair end {person}",
    "still-paired": "mentorcycle pair end {person}",
    "person-left": "mentorcycle person return {person}",
    "over-capacity": "mentorcycle person change {person} --capacity {load}",
}
"""Code to template; a code stands here when the command that helps is the same in every case."""


def remedy(refusal: Refusal, templates: Mapping[str, Template] = PASTE) -> str:
    """A command for the shell, or the refusal's own fix."""
    known = templates.get(refusal.code, ())
    facts = {name: _quoted(fact) for name, fact in refusal.facts.items()}
    for template in (known,) if isinstance(known, str) else known:
        try:
            return template.format_map(facts)
        except KeyError:
            continue
    return refusal.fix


def _quoted(fact: Fact) -> str:
    from shlex import quote

    return quote(str(fact))

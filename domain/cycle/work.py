"""Decisions on the rest of the work: action steps, reflections, consent, celebrations, contacts."""

from __future__ import annotations

from collections.abc import Iterator

from .. import commands as c
from .. import events as e
from ..decision import Context, Outcome
from ..definition import Activity
from ..refusal import Refusal
from ..vocabulary import Audience
from ..words import Words, words_or_none
from .rules import decides, not_in_cycle, record, were_in
from .state import Cycle
from .values import bad, bad_minutes, bad_number, missing, next_id


@decides(c.CheckActionStep)
def check_action_step(cycle: Cycle, command: c.CheckActionStep, context: Context) -> Outcome:
    what = f"action step {command.step} cannot be checked"
    known = cycle.step(command.step)
    checks = [] if known else [missing(what, "step", command.step, (s.id for s in cycle.steps))]
    event = e.ActionStepChecked(step=command.step, outcome=command.outcome)
    already = known is not None and known.outcome is command.outcome
    return record(
        cycle, command, Activity.ACTION_STEP, context, what, checks, lambda: [event], already=already
    )


@decides(c.WriteReflection)
def write_reflection(cycle: Cycle, command: c.WriteReflection, context: Context) -> Outcome:
    what = f"this reflection of {cycle.id} cannot be recorded"

    def checks() -> Iterator[Refusal]:
        if not command.reflection.strip():
            yield bad(what, "it is empty", "write the reflection")
        answers = (command.confidence_before, command.confidence_after, *command.survey)
        if any(answer is not None and not 1 <= answer <= 10 for answer in answers):
            yield bad(what, "confidence and survey answers go from 1 to 10", "give 1 to 10")

    event = e.ReflectionWritten(
        person=context.actor.id,
        confidence_before=command.confidence_before,
        confidence_after=command.confidence_after,
        fit=command.fit,
        survey=command.survey,
        reflection=Words(text=command.reflection),
        comments=words_or_none(command.comments),
    )
    return record(cycle, command, Activity.REFLECTION, context, what, checks(), lambda: [event])


@decides(c.GiveConsent)
def give_consent(cycle: Cycle, command: c.GiveConsent, context: Context) -> Outcome:
    what = f"consent in {cycle.id} cannot be recorded"
    event = e.ConsentGiven(person=context.actor.id, audience=command.audience)
    already = cycle.consents.get(context.actor.id) is command.audience
    return record(cycle, command, Activity.CONSENT, context, what, (), lambda: [event], already=already)


@decides(c.Celebrate)
def celebrate(cycle: Cycle, command: c.Celebrate, context: Context) -> Outcome:
    """No audience is wider than anybody's consent, and a practice is shared with somebody beyond the pair."""
    what = f"this celebration of {cycle.id} cannot be recorded"

    def checks() -> Iterator[Refusal]:
        yield from bad_number(what, "evidence number", command.number)
        for person in cycle.people:
            consent = cycle.consents.get(person, Audience.PAIR)
            shared = command.share_practice and consent is Audience.PAIR
            if command.audience.width > consent.width or shared:
                name = context.name(person)
                to = "share a practice" if shared else command.audience.value
                yield Refusal(
                    "no-consent",
                    what,
                    f"{name} has agreed to {consent.value}, not to {to}",
                    f"{name} can give consent, or choose a narrower audience",
                    {"cycle": cycle.id, "person": person, "audience": command.audience.value},
                )

    return record(
        cycle,
        command,
        Activity.CELEBRATION,
        context,
        what,
        checks(),
        lambda: [
            e.CelebrationHeld(
                celebration=next_id("b", (b.id for b in cycle.celebrations)),
                stage=cycle.stage,
                size=command.size,
                audience=command.audience,
                number=command.number,
                share_practice=command.share_practice,
                achievement=words_or_none(command.achievement),
                practice=words_or_none(command.practice),
            )
        ],
    )


@decides(c.LogContact)
def log_contact(cycle: Cycle, command: c.LogContact, context: Context) -> Outcome:
    """Minutes count for those who were in the cycle on the day: hours stay with whoever gave them."""
    what = f"this contact of {cycle.id} cannot be logged"
    there = were_in(cycle, context.today, context)
    people = tuple(dict.fromkeys(command.people)) or _still(cycle, there, context)

    def checks() -> Iterator[Refusal]:
        yield from bad_minutes(what, command.minutes)
        for person in people:
            if person not in there:
                yield not_in_cycle(cycle, person, context.today, context, what, "name those who took part")

    return record(
        cycle,
        command,
        Activity.CONTACT,
        context,
        what,
        checks(),
        lambda: [
            e.ContactLogged(
                contact=next_id("k", (k.id for k in cycle.contacts)),
                kind=command.kind,
                mode=command.mode,
                formality=command.formality,
                minutes=command.minutes,
                people=people,
                notes=words_or_none(command.notes),
            )
        ],
    )


def _still(cycle: Cycle, there: tuple[str, ...], context: Context) -> tuple[str, ...]:
    """Of those in the cycle on the day, on the day of a rematch those who went on."""
    on = context.programme.day
    gone = {m.person for m in cycle.members if m.left is not None and on(m.left) == context.today}
    return tuple(p for p in there if p not in gone or p in cycle.people) if gone else there

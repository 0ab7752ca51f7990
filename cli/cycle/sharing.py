"""Looking back and sharing: reflect, consent, celebrate; and minutes together at any time."""

from __future__ import annotations

import click

from mentorcycle.domain.vocabulary import Audience, ContactKind, Formality, Mode, Size

from ..choices import OneOf, choice
from ..number import NUMBER
from ..words import words
from .deed import Deed, on_cycle

_TEN = click.IntRange(1, 10)


@on_cycle()
@words("--reflection", required=True, help="The reflection")
@click.option("--confidence-before", type=_TEN, metavar="1-10", help="How sure you were before.")
@click.option("--confidence-after", type=_TEN, metavar="1-10", help="How sure you are now.")
@click.option("--fit/--no-fit", default=None, help="Whether you fit together.")
@click.option("--survey", type=_TEN, multiple=True, metavar="1-10", help="An answer of the survey, in order.")
@words("--comments", help="Comments on the survey")
def reflect(
    deed: Deed,
    reflection: str,
    confidence_before: int | None,
    confidence_after: int | None,
    fit: bool | None,
    survey: tuple[int, ...],
    comments: str | None,
) -> None:
    """Write a reflection, each their own.

    A participant is named with --as: nobody writes it for them. `--reflection -` reads it from stdin.
    """
    from mentorcycle.domain.commands import WriteReflection

    taken = deed.take(
        WriteReflection(deed.cycle, reflection, confidence_before, confidence_after, fit, survey, comments)
    )
    taken.say(f"the reflection of {deed.names([deed.place.actor.id])} in {deed.label} is kept")


@on_cycle()
@click.argument("audience", type=OneOf(Audience))
def consent(deed: Deed, audience: Audience) -> None:
    """Say how widely celebrations may be shared.

    Each participant says it for themselves (--as); a later consent replaces the earlier.
    """
    from mentorcycle.domain.commands import GiveConsent

    taken = deed.take(GiveConsent(deed.cycle, audience))
    who = deed.names([deed.place.actor.id])
    taken.say(f"{who} agrees that celebrations of {deed.label} are shared with the {audience.value}")


@on_cycle()
@words("--achievement", help="What is celebrated")
@choice("--size", of=Size, default=Size.SMALL, help="How large it is")
@choice("--audience", of=Audience, default=Audience.PAIR, help="Who hears of it, never wider than consent")
@click.option("--number", type=NUMBER, metavar="NUMBER", help="The number that shows it.")
@words("--practice", help="A practice worth sharing")
@click.option("--share-practice", is_flag=True, help="The practice may be shared.")
def celebrate(
    deed: Deed,
    achievement: str | None,
    size: Size,
    audience: Audience,
    number: float | None,
    practice: str | None,
    share_practice: bool,
) -> None:
    """Record a celebration."""
    from mentorcycle.domain.commands import Celebrate

    taken = deed.take(Celebrate(deed.cycle, size, audience, number, share_practice, achievement, practice))
    taken.say(f"celebration {taken.part} of {deed.label} is recorded: {size.value}, for the {audience.value}")


@on_cycle()
@click.option("--minutes", type=int, required=True, metavar="N", help="How long it was.")
@choice("--kind", of=ContactKind, default=ContactKind.CHECK_IN, help="What it was")
@choice("--mode", of=Mode, default=Mode.IN_PERSON, help="How you met")
@choice("--formality", of=Formality, default=Formality.INFORMAL, help="How it was arranged")
@click.option("--with", "people", multiple=True, metavar="PERSON", help="Who was there. [default: everyone]")
@words("--notes", help="Notes for the two of you")
def checkin(
    deed: Deed,
    minutes: int,
    kind: ContactKind,
    mode: Mode,
    formality: Formality,
    people: tuple[str, ...],
    notes: str | None,
) -> None:
    """Log a contact and its minutes.

    One act, one record: the minutes count in the hours report.

    \b
    mentorcycle cycle checkin c-7f3k --minutes 30 --kind co-planning --on yesterday
    """
    from mentorcycle.domain.commands import LogContact
    from mentorcycle.domain.events import ContactLogged

    there = tuple(map(deed.place.person, people))
    taken = deed.take(LogContact(deed.cycle, minutes, kind, mode, formality, there, notes))
    logged = taken.event(ContactLogged)
    who = f": {deed.names(logged.people)}" if logged else ""
    taken.say(f"{minutes} minutes of {kind.value} are logged in {deed.label}{who}")

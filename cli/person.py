"""People as a coordinator keeps them: add, leave and return, merge, who evaluates whom, who is kept apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mentorcycle.domain.vocabulary import LeaveReason, TeachingArea

from . import options
from .choices import choice
from .session import Session, command
from .words import TEXT

if TYPE_CHECKING:
    from .store import WritingPlace

F = TypeVar("F", bound=Callable[..., Any])


def profile(function: F) -> F:
    """What is known of a person besides their name."""
    text: dict[str, Any] = {"type": TEXT, "metavar": "TEXT"}
    several: dict[str, Any] = {**text, "multiple": True}
    for option in (
        click.option("--capacity", type=int, metavar="N", help="How many mentees they take."),
        choice("--area", "areas", of=TeachingArea, multiple=True, help="A teaching area they offer or want"),
        click.option("--grade", "grades", **several, help="A grade they teach; may be repeated."),
        click.option("--subject", "subjects", **several, help="A subject they teach; may be repeated."),
        click.option("--school", **text, help="School."),
        click.option("--email", **text, help="E-mail address."),
        click.option("--username", **text, help="A short name to call them by."),
    ):
        function = option(function)
    return function


@command()
@click.argument("name", type=TEXT)
@click.option("--external-id", type=TEXT, metavar="ID", help="Their id in another system …")
@click.option("--source", type=TEXT, metavar="NAME", help="… and that system: together one person for ever.")
@profile
@options.on
@options.dry_run
def add(session: Session, /, name: str, on: str | None, dry_run: bool, **given: Any) -> None:
    """Add a person.

    With --external-id and --source the same person is never added twice.
    """
    from mentorcycle.domain.commands import AddPerson

    from .store import writing
    from .taken import take

    if (given["external_id"] is None) != (given["source"] is None):
        raise click.UsageError("--external-id and --source go together.", click.get_current_context())
    with writing(session, founds=True) as place:
        taken = take(place, AddPerson(name, **given), on=on, dry_run=dry_run)
        taken.say(f"{name.strip()} is added as {taken.label}", already=f"{name.strip()} is {taken.label}")


@command()
@click.argument("person")
@click.option("--name", type=TEXT, metavar="NAME", help="What they are called.")
@profile
@options.dry_run
def change(session: Session, /, person: str, dry_run: bool, **given: Any) -> None:
    """Change what is known of a person.

    What is not named stays as it is.
    """
    from mentorcycle.domain.commands import ChangePerson

    from .store import writing
    from .taken import take

    with writing(session) as place:
        who = place.person(person)
        known = place.engine.person(who, place.actor).profile
        fields = {field: getattr(known, field) for field in known.__slots__}
        new = {field: value for field, value in given.items() if value not in (None, ())}
        taken = take(place, ChangePerson(who, **{**fields, **new}), dry_run=dry_run)
        taken.say(f"{new.get('name', known.name)} is changed: {', '.join(new) or 'nothing'}")


@command()
@click.argument("person")
@choice("--reason", of=LeaveReason, required=True, help="Why")
@options.on
@options.dry_run
def leave(session: Session, person: str, reason: LeaveReason, on: str | None, dry_run: bool) -> None:
    """Record that somebody has left.

    Their cycles go on until they are rematched or cancelled.
    """
    from mentorcycle.domain.commands import MarkLeft
    from mentorcycle.domain.vocabulary import Status

    from .store import writing
    from .taken import people, take

    with writing(session) as place:
        who = place.person(person)
        taken = take(place, MarkLeft(who, reason), on=on, dry_run=dry_run)
        taken.say(f"{people(place, [who])} has left")
        open_ = (Status.ACTIVE, Status.PAUSED)
        if running := place.queries.cycles(place.actor, people=[who], statuses=open_).rows:
            labels = place.labels(row.cycle for row in running)
            session.talk(f"still in {', '.join(labels.values())}: rematch or cancel")


@command(name="return")
@click.argument("person")
@options.on
@options.dry_run
def return_(session: Session, person: str, on: str | None, dry_run: bool) -> None:
    """Record that somebody is back."""
    from mentorcycle.domain.commands import MarkReturned

    from .store import writing
    from .taken import people, take

    with writing(session) as place:
        who = place.person(person)
        taken = take(place, MarkReturned(who), on=on, dry_run=dry_run)
        taken.say(f"{people(place, [who])} is back", already=f"{people(place, [who])} is here")


@command()
@click.argument("person")
@click.argument("duplicate")
@options.dry_run
def merge(session: Session, person: str, duplicate: str, dry_run: bool) -> None:
    """Say that two records are one person.

    DUPLICATE is the same as PERSON; both ids mean PERSON for ever.
    """
    from mentorcycle.domain.commands import MergePeople

    from .store import writing
    from .taken import people, take

    with writing(session) as place:
        kept = place.person(person)
        other = _duplicate(place, kept, duplicate)
        name = people(place, [other])
        taken = take(place, MergePeople(kept, other), dry_run=dry_run)
        taken.say(f"{name} ({place.label(other)}) is {people(place, [kept])} ({place.label(kept)})")


def _duplicate(place: WritingPlace, kept: str, text: str) -> str:
    """The id that is meant; one that was merged into `kept` before is found too, so that a repeat is already so."""
    found = place.person(text)
    merged = place.engine.person(kept, place.actor).duplicates if found == kept else ()
    names = (name for match in place.queries.find_people(text, place.actor) for name in match.other_names)
    return next((name for name in names if name in merged), found)


@command()
@click.argument("person")
@click.argument("evaluator")
@click.option("--remove", is_flag=True, help="They no longer evaluate them.")
@options.dry_run
def evaluator(session: Session, person: str, evaluator: str, remove: bool, dry_run: bool) -> None:
    """Say who evaluates whom.

    EVALUATOR evaluates PERSON, and so may neither mentor nor observe them.
    """
    from mentorcycle.domain.commands import NameEvaluator, RemoveEvaluator

    from .store import writing
    from .taken import people, take

    with writing(session) as place:
        who, by = place.person(person), place.person(evaluator)
        taken = take(place, (RemoveEvaluator if remove else NameEvaluator)(who, by), dry_run=dry_run)
        evaluates = "does not evaluate" if remove else "evaluates"
        taken.say(f"{people(place, [by])} {evaluates} {people(place, [who])}")


@command()
@click.argument("person")
@click.argument("other")
@options.dry_run
def keep_apart(session: Session, person: str, other: str, dry_run: bool) -> None:
    """Never pair two people.

    No reason is asked or kept.
    """
    from mentorcycle.domain.commands import ForbidPairing

    from .store import writing
    from .taken import people, take

    with writing(session) as place:
        both = place.person(person), place.person(other)
        take(place, ForbidPairing(*both), dry_run=dry_run).say(f"{people(place, both)} are kept apart")

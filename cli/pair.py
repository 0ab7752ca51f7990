"""Pairings: publish and end them. Proposals are `pair suggest`'s part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options
from .session import Session, command

if TYPE_CHECKING:
    from .store import WritingPlace


@command()
@click.argument("people", nargs=-1, metavar="MENTEE MENTOR")
@click.option("--reciprocal", is_flag=True, help="They swap roles: everybody is both.")
@click.option("--group", is_flag=True, help="MENTEE… are the mentees of a group of three or more.")
@click.option("--mentor", "mentors", multiple=True, metavar="PERSON", help="With --group: a mentor of it.")
@click.option(
    "--from",
    "file",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="A CSV of pairs; see `roster template --pairs`.",
)
@click.option(
    "--partial", is_flag=True, help="With --from: publish the good rows; the others go to an errors file."
)
@options.on
@options.dry_run
def publish(
    session: Session,
    people: tuple[str, ...],
    reciprocal: bool,
    group: bool,
    mentors: tuple[str, ...],
    file: str | None,
    partial: bool,
    on: str | None,
    dry_run: bool,
) -> object:
    """Pair people.

    \b
    mentorcycle pair publish "A. Ünal" "B. Karlsson"
    mentorcycle pair publish lind okoro --reciprocal
    mentorcycle pair publish --group unal okoro lind --mentor karlsson
    mentorcycle pair publish --from pairs.csv --dry-run
    """
    from .store import writing

    if file is not None:
        if people or reciprocal or group or mentors or on:
            raise _usage("--from FILE says it all: who, which kind and since when.")
        from .pairs_file import publish_file

        with writing(session) as place:
            return publish_file(place, file, partial=partial, dry_run=dry_run)
    if mentors and not group:
        raise _usage("--mentor goes with --group.")
    if not group and len(people) != 2:
        raise _usage("name the mentee and the mentor, or say --group.")
    with writing(session) as place:
        mentees = [place.person(text) for text in (people if group else people[:1])]
        theirs = [place.person(text) for text in (mentors if group else people[1:])]
        _publish(place, mentees, theirs, reciprocal=reciprocal, on=on, dry_run=dry_run)
    return None


def _publish(
    place: WritingPlace,
    mentees: list[str],
    mentors: list[str],
    *,
    reciprocal: bool,
    on: str | None,
    dry_run: bool,
) -> None:
    from mentorcycle.domain.commands import PublishPairing
    from mentorcycle.domain.events import Participant

    from .taken import people, take

    everybody = (
        list(dict.fromkeys([*mentees, *mentors])) if len(mentees) + len(mentors) > 2 else [*mentees, *mentors]
    )
    participants = tuple(
        Participant(id, mentee=reciprocal or id in mentees, mentor=reciprocal or id in mentors)
        for id in everybody
    )
    asked = PublishPairing(participants, programme=place.programme_id)
    taken = take(place, asked, on=on, dry_run=dry_run)
    paired = f"{people(place, everybody)} are paired"
    taken.say(f"{paired}{'' if reciprocal or len(everybody) > 2 else f': {people(place, mentors)} mentors'}")
    if taken.outcome == "done":
        place.session.talk(f"next: mentorcycle cycle open {place.label(mentees[0])}")


def _usage(text: str) -> click.UsageError:
    return click.UsageError(text, click.get_current_context())


@command()
@click.argument("person")
@click.option("--with", "other", metavar="PERSON", help="With whom, when they are in more than one pairing.")
@click.option("--do-not-pair-again", is_flag=True, help="Never pair them again.")
@options.on
@options.dry_run
def end(
    session: Session, person: str, other: str | None, do_not_pair_again: bool, on: str | None, dry_run: bool
) -> None:
    """End a pairing.

    For everyone in it; a cycle of it goes on until it is completed or cancelled.
    """
    from mentorcycle.domain.commands import EndPairing

    from .store import writing
    from .taken import people, take

    with writing(session) as place:
        who = place.person(person)
        partner = place.person(other) if other else None
        pairings = place.engine.person(who, place.actor).pairings.values()
        meant = [pairing for pairing in pairings if partner is None or pairing.has(partner)]
        if len(meant) > 1:
            partners = [people(place, [p for p in pairing.people if p != who]) for pairing in meant]
            named = ", ".join(partners)
            raise _usage(f"say which with --with: {people(place, [who])} is paired with {named}.")
        pairing = meant[0] if meant else None
        if pairing is None and do_not_pair_again:  # of those that were: the last
            were = place.engine.person(who, place.actor).ended.values()
            pairing = next((one for one in reversed(list(were)) if partner is None or one.has(partner)), None)
        asked = EndPairing(who, pairing.id if pairing else "", do_not_pair_again)
        taken = take(place, asked, on=on, dry_run=dry_run)
        taken.say(
            f"the pairing of {people(place, pairing.people if pairing else [who])} is ended",
            already=f"{people(place, [who])} is in no such pairing",
        )

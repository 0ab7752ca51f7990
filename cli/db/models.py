"""`db rebuild` and `db dead-letters`: read models made anew, and the streams that they have set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mentorcycle.domain.errors import UnknownStore

from .. import options
from ..exits import ConfirmationNeeded
from ..session import Session
from .owner import owner_command

if TYPE_CHECKING:
    from mentorcycle.engine.readers import DeadLetter, Readers

    from ..store import Place


@owner_command()
@click.argument("model", required=False)
def rebuild(session: Session, model: str | None) -> None:
    """Build read models anew from the log.

    One or all of them: each is built beside the one that serves, compared with it, and then serves.
    Others go on meanwhile. An interrupted rebuild goes on where it stood. There is no --dry-run: the log
    stays as it is, and `mentorcycle audit verify` compares without building.
    """
    from ..columns import Column
    from ..progress import counting
    from ..store import reading

    with reading(session) as place:
        readers = kept(place)
        names = [readers.model(model).name] if model else [one.name for one in readers.models]
        rows = []
        for name in names:
            with counting(f"events read into {name}", quiet=session.quiet) as told:
                rows.append(readers.rebuild(name, told))
    differed = [row.name for row in rows if row.equal is False]
    session.out.rows(
        "rebuild/1",
        [
            Column("name", "read model", keep=True),
            Column("position", "read up to", right=True),
            Column("equal", "the old one", of=lambda row: row.equal, human=_old, colour=_colour),
            Column("sha256", of=lambda row: row.after, human=lambda digest: str(digest)[:12]),
        ],
        rows,
        footer=f"{', '.join(differed)} did not say what the log says, and does now" if differed else "",
        facts={"differed": differed},
    )


def _old(equal: bool | None) -> str:
    return {True: "was the same", False: "was different", None: "did not serve"}[equal]


def _event(topic: str | None) -> str:
    return topic or "not in the log any more: mentorcycle audit verify"


def _colour(equal: bool | None) -> str:
    return "green" if equal else "yellow"


@owner_command(name="list")
@options.exit_code
def list_(session: Session, exit_code: bool) -> object:
    """List them.

    Each with the event that could not be taken, and how many wait behind it.
    """
    from ..columns import Column
    from ..exits import ExitCode
    from ..store import reading

    with reading(session) as place:
        place.queries.readers.catch_up()
        letters = place.queries.readers.dead_letters()
        seen = [place.queries.readers.inspect(letter) for letter in letters]
        rows = [
            {
                **letter._asdict(),
                "ref": _ref(letter),
                "event": one.topic,
                "version": one.version,
                "waiting": one.waiting,
            }
            for letter, one in zip(letters, seen, strict=True)
        ]
        session.out.rows(
            "dead-letters/1",
            [
                Column("model", "read model", keep=True),
                Column("ref", keep=True),
                Column("position", "event", right=True, keep=True),
                Column("event", "what", human=_event),
                Column("version", right=True, in_table=False),
                Column("error"),
                Column("waiting", right=True),
                Column("since", in_table=False),
                Column("tenant", in_table=False),
                Column("stream", in_table=False),
            ],
            rows,
            empty="nothing is set aside",
            footer="retry: mentorcycle db dead-letters retry, after an upgrade that can read these events"
            if rows
            else "",
        )
    return ExitCode.ATTENTION if exit_code and rows else None


@owner_command()
@click.argument("refs", metavar="REF...", nargs=-1, required=True)
@click.option("--model", metavar="NAME", help="Only those of this read model.")
def show(session: Session, refs: tuple[str, ...], model: str | None) -> None:
    """Show what is known of them.

    The type of the error and of the event, since when, and how many events wait. Neither payload nor words are
    kept with it: `mentorcycle audit log` has the event.
    """
    from mentorcycle.domain.errors import NotFound

    from ..columns import Column
    from ..store import reading

    with reading(session) as place:
        letters = _wanted(place, refs, model)
        if not letters:
            raise NotFound("dead letter", ", ".join(refs), "run: mentorcycle db dead-letters list")
        for letter in letters:
            seen = place.queries.readers.inspect(letter)
            found = {
                **letter._asdict(),
                "event": seen.topic,
                "version": seen.version,
                "waiting": seen.waiting,
            }
            columns = [
                Column("model", "read model"),
                Column("tenant"),
                Column("stream"),
                Column("position"),
                Column("event", human=_event),
                Column("version"),
                Column("error"),
                Column("since"),
                Column("waiting"),
            ]
            session.out.record("dead-letter/1", columns, found)


@owner_command()
@click.argument("refs", metavar="[REF]...", nargs=-1)
@click.option("--model", metavar="NAME", help="Only those of this read model.")
@options.dry_run
def retry(session: Session, refs: tuple[str, ...], model: str | None, dry_run: bool) -> object:
    """Try to take them again.

    All, or those of the cycles and people named.
    """
    return _resume(session, refs, model, discard=False, dry_run=dry_run)


@owner_command()
@click.argument("refs", metavar="REF...", nargs=-1, required=True)
@click.option("--model", metavar="NAME", help="Only those of this read model.")
@options.yes
@options.dry_run
def discard(session: Session, refs: tuple[str, ...], model: str | None, yes: bool, dry_run: bool) -> object:
    """Leave events out for good.

    Those that could not be taken are left out, and what follows them is taken. The log keeps them. No
    later rebuild reads them either.
    """
    if not yes and not dry_run:
        raise ConfirmationNeeded(
            "nothing is discarded",
            "read models then leave these events out for good",
            "add --yes, or --dry-run to see what would be",
        )
    return _resume(session, refs, model, discard=True, dry_run=dry_run)


def _resume(
    session: Session, refs: tuple[str, ...], model: str | None, *, discard: bool, dry_run: bool
) -> object:
    from mentorcycle.domain.errors import NotFound
    from mentorcycle.engine.readers import mending

    from ..columns import Column
    from ..exits import ExitCode
    from ..store import reading

    with reading(session) as place:
        readers = kept(place)
        wanted = _wanted(place, refs, model)
        if not wanted and refs:
            raise NotFound("dead letter", ", ".join(refs), "run: mentorcycle db dead-letters list")
        rows: list[dict[str, Any]] = []
        for letter in wanted:
            mend = mending.discard if discard else mending.retry
            left = mend(readers, letter, dry_run=dry_run)
            would = "would be " if dry_run else ""
            outcome = f"{would}taken" if left is None else f"stops at event {left.position}"
            rows.append(
                {"model": letter.model, "ref": _ref(letter), "outcome": outcome, "left": left is not None}
            )
        left_over = sum(row["left"] for row in rows)
        session.out.rows(
            "mended/1",
            [Column("model", "read model"), Column("ref"), Column("outcome"), Column("left", in_table=False)],
            rows,
            empty="nothing is set aside",
            footer=f"{len(rows) - left_over} of {len(rows)} {'would be ' if dry_run else ''}taken"
            if rows
            else "",
            facts={"dry_run": dry_run},
        )
        if dry_run:
            session.talk("nothing was written")
    if not left_over:
        return None
    return ExitCode.PARTIAL if left_over < len(rows) else ExitCode.REFUSED


def kept(place: Place) -> Readers:
    """The read models, if what is done to them lasts."""
    readers = place.queries.readers
    if readers.kept:
        return readers
    raise UnknownStore(
        "no read models are kept here",
        "each process makes its own from the log when it is first asked, and takes them with it: the store is in"
        " memory, or this role was given no rights to those in the database",
        "connect as a role that has them; the owner of the log gives them by what `grants` of"
        " mentorcycle.engine.stores.postgres_schema says",
    )


def _wanted(place: Place, refs: tuple[str, ...], model: str | None) -> list[DeadLetter]:
    """The dead letters that are meant: by the id of a cycle or person, or the beginning of one."""
    readers = place.queries.readers
    if model is not None:
        readers.model(model)
    letters = [one for one in readers.dead_letters() if model in (None, one.model)]
    return [one for one in letters if not refs or any(_ref(one).startswith(ref) for ref in refs)]


def _ref(letter: DeadLetter) -> str:
    from mentorcycle.domain.ids import subject_of

    return subject_of(letter.stream)

"""`audit verify`: is the log whole, and do the read models say what it says? What was not proved is said too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ..session import Session, command

if TYPE_CHECKING:
    from mentorcycle.engine.audit import Verification

    from ..store import Place

MOST = 20


@command()
@click.option(
    "--replay/--no-replay", default=True, help="Replay the log and compare every read model with it."
)
def verify(session: Session, replay: bool) -> object:
    """Check the whole log and every read model.

    The log is checked event by event, and read models are compared with a replay of it. Exits 9 when
    something does not hold. What was not proved is said at the end.
    """
    from time import monotonic

    from mentorcycle.engine.audit import Inspectable

    from ..exits import ExitCode
    from ..progress import counting
    from ..sides import counted
    from ..store import reading

    with reading(session) as place:
        started = monotonic()
        with counting("events verified", quiet=session.quiet) as told:
            found = place.queries.verify(place.actor, replay=replay, progress=told)
        seconds = monotonic() - started
        title = f"{_store(place)} · {found.events} events · {found.cycles} cycles"
        rows = [
            dict(zip(("check", "holds", "what", "found", "findings"), row, strict=True))
            for row in _checks(found, replay, isinstance(place.queries.store, Inspectable))
        ]
        if session.out.format == "table":
            session.out.text("\n".join([title, *_lines(rows)]))
        else:
            _rows(session, title, rows, found)
        session.talk("\n".join([*(f"not proved: {what}" for what in _unproved(found, replay=replay)), ""]))
        state = "verified" if found.holds else counted(found.found.total(), "finding")
        session.talk(f"{state} in {seconds:.1f} s")
    return None if found.holds else ExitCode.VERIFICATION_FAILED


def _store(place: Place) -> str:
    from mentorcycle.engine.stores.port import Placed

    store = place.queries.store
    if isinstance(store, Placed):
        return store.place
    path = getattr(store, "path", None)
    return f"sqlite {path}" if path else "memory"


def _unproved(found: Verification, *, replay: bool) -> tuple[str, ...]:
    more = () if replay else ("read models were not compared with a replay, nor was the file looked at",)
    return (*found.not_proved, *more)


def _checks(
    found: Verification, replay: bool, has_file: bool
) -> Iterator[tuple[str, bool, str, int, list[dict[str, Any]]]]:
    """Each check with what holds, or how much was found, and the first of it."""
    positions = f"positions 1–{found.head} without gaps" if found.head else "the log is empty"
    said = {
        "positions": positions if found.whole else f"positions up to {found.head} rise",
        "times": "no event is recorded earlier than the one before it",
        "readable": "every event can be read",
        "streams": "every stream goes on where it stopped",
        "definitions": "every definition has its digest and was published before it was used",
        "moves": "every transition is an edge of the definition it names, from where the cycle stood",
        "words": f"{found.words} texts are those that the log committed to",
    }
    if replay and has_file:
        said["file"] = "the file is sound, and its events are protected"
    if replay:
        models = ", ".join(f"{one.name} {one.stored[:8]}" for one in found.models)
        without = " without the events left out" if found.left_out else ""
        said["read models"] = f"{len(found.models)} read models equal their replay{without}: {models}"
    for check in dict.fromkeys([*said, *found.found]):
        wrong = [{"position": one.position, "what": one.what} for one in found.of(check)]
        yield check, not wrong, "" if wrong else said.get(check, ""), found.found[check], wrong


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield f" {'✓' if row['holds'] else '✗'} {row['what'] or row['check']}"
        for finding in row["findings"][:MOST]:
            place = f"event {finding['position']}: " if finding["position"] else ""
            yield f"     {place}{finding['what']}"
        if (more := row["found"] - MOST) > 0:
            yield f"     and {more} more"


def _rows(session: Session, title: str, rows: list[dict[str, Any]], found: Verification) -> None:
    from ..columns import Column

    session.out.rows(
        "verify/1",
        [Column("check"), Column("holds"), Column("what"), Column("found"), Column("findings")],
        rows,
        title=title,
        as_of=found.head,
        facts={
            "holds": found.holds,
            "events": found.events,
            "cycles": found.cycles,
            "head": found.head,
            "whole": found.whole,
            "read_models": [
                {"name": one.name, "position": one.position, "sha256": one.stored} for one in found.models
            ],
            "left_out": [one._asdict() for one in found.left_out],
            "not_proved": found.not_proved,
        },
    )

"""A look at everything a store depends on: the program, the file, the disk, the clock, the read models.

Nothing is written and nothing is mended; every line says what to do, when there is something to do.
"""

from __future__ import annotations

import shutil
import sqlite3
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from mentorcycle.domain.errors import MentorcycleError

from .clocks import TOLERANCE, Skew, ahead_of_server, recent_skews
from .maintenance import StoreStatus, status
from .queries import Queries
from .readers import LeftOut
from .readers.registry import ACTIVE, FAILED
from .stores.port import HeldUp, Log
from .stores.sqlite_reader import SQLiteReader

OLDEST_SQLITE = (3, 31)
"""The first with every pragma that the store relies on."""
STORE = "store"
"""The check that needs attention only when the store cannot be used."""
LEAST_FREE = 100 * 2**20
LARGE_WAL = 256 * 2**20
LONG_OPEN = 10.0
"""Seconds for which a transaction that has written may stay open on a server of ours."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """One thing that was looked at; a `fix` makes it a matter that needs attention."""

    name: str
    what: str
    fix: str = ""

    @property
    def ok(self) -> bool:
        return not self.fix


def examine(opened: Callable[[], Queries], clock: Callable[[], datetime]) -> Iterator[Checkup]:
    """Look at the program, and at the store that `opened` opens; a store that cannot be opened ends it."""
    yield from _program()
    try:
        queries = opened()
    except MentorcycleError as error:
        yield Checkup(STORE, f"{error.what}: {error.why}" if error.why else error.what, error.fix)
        return
    with queries:
        try:
            found = status(queries)
            yield Checkup(STORE, f"{found.path or 'in memory'}, {found.events} events")
            yield from _file(queries, found)
            yield from _models(queries, found)
            yield _clock(found, clock(), ahead_of_server(queries.store, clock()))
            yield from _writers(recent_skews(queries.store))
            yield from _others(queries.store)
        except MentorcycleError as error:
            yield Checkup(STORE, f"{error.what}: {error.why}", error.fix or "run: mentorcycle audit verify")


def _program() -> Iterator[Checkup]:
    yield Checkup("python", f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}")
    old = sqlite3.sqlite_version_info < OLDEST_SQLITE
    needed = ".".join(map(str, OLDEST_SQLITE))
    yield Checkup(
        "sqlite", sqlite3.sqlite_version, f"use a Python with SQLite {needed} or later" if old else ""
    )


def _file(queries: Queries, found: StoreStatus) -> Iterator[Checkup]:
    if found.schema is not None:
        yield Checkup("schema", f"version {found.schema}")
    if not isinstance(queries.store, SQLiteReader) or found.path is None:
        if found.bytes is not None:
            yield Checkup("size", megabytes(found.bytes))
        return
    journal = found.journal_mode or ""
    wal = f"sqlite3 {found.path} 'PRAGMA journal_mode = WAL'"
    yield Checkup("journal", journal, "" if journal == "wal" else f"readers block writers; run: {wal}")
    wrong = queries.store.findings(quick=True)
    yield Checkup(
        "file",
        "; ".join(wrong) or "sound, its events are protected",
        "run: mentorcycle audit verify, and restore a backup if it confirms this" if wrong else "",
    )
    yield from _disk(Path(found.path), found)


def _disk(path: Path, found: StoreStatus) -> Iterator[Checkup]:
    free = shutil.disk_usage(path.absolute().parent).free
    needed = max(LEAST_FREE, 2 * (found.bytes or 0))
    short = f"make room: {megabytes(needed)} are needed for a backup and a rebuild"
    yield Checkup("disk", f"{megabytes(free)} free", short if free < needed else "")
    wal = found.wal_bytes or 0
    held = "close programs that keep the store open for long: they hold back its write-ahead log"
    yield Checkup(
        "size",
        f"{megabytes(found.bytes or 0)}, write-ahead log {megabytes(wal)}",
        held if wal > LARGE_WAL else "",
    )
    mode = stat.S_IMODE(path.stat().st_mode)
    open_to = mode & (stat.S_IRWXG | stat.S_IRWXO)
    yield Checkup(
        "access",
        f"{'others on this machine may open it' if open_to else 'for its owner alone'} ({mode:03o})",
        f"it holds the words of participants; run: chmod 600 {path}" if open_to else "",
    )


def _models(queries: Queries, found: StoreStatus) -> Iterator[Checkup]:
    if not found.kept:
        yield Checkup("read models", "each process makes its own from the log, when it is first asked")
        return
    for model in found.models:
        state = f"{model.state}, version {model.version}, at {model.position} of {found.events}"
        behind = f", {model.lag_events} events behind" if model.lag_events else ""
        failed = f"run: mentorcycle db rebuild {model.name}" if model.state == FAILED else ""
        error = f" ({model.error})" if model.error else ""
        waits = "; the next question brings it up to date" if behind or model.state != ACTIVE else ""
        yield Checkup(f"read model {model.name}", f"{state}{behind}{error}{'' if failed else waits}", failed)
    yield from _workers(queries)
    letters = queries.readers.dead_letters()
    yield Checkup(
        "dead letters",
        f"{len(letters)} streams are set aside" if letters else "none",
        "run: mentorcycle db dead-letters list" if letters else "",
    )
    yield from _left_out(queries.readers.left_out())


def _left_out(events: list[LeftOut]) -> Iterator[Checkup]:
    """Events that lists and reports do not tell of, and by what they show nobody would know."""
    if events:
        models = Counter(one.model for one in events)
        what = ", ".join(f"{model} leaves {number} out" for model, number in models.items())
        fix = "run: mentorcycle audit verify, which names each; docs/operations.md says how they are taken up again"
        yield Checkup("events left out", what, fix)


def _workers(queries: Queries) -> Iterator[Checkup]:
    """Who keeps read models up to date, where several could."""
    found = queries.readers.working()
    if not found.shared:
        return
    if not found.workers:
        yield Checkup("workers", "no worker runs; whoever asks brings read models up to date")
        return
    feeding = len(found.units) - found.unowned
    yield Checkup(
        "workers",
        f"{len(found.workers)} {'worker' if len(found.workers) == 1 else 'workers'},"
        f" {feeding} of {len(found.units)} parts of read models kept",
        "run: mentorcycle worker status" if found.unowned else "",
    )


def _clock(found: StoreStatus, now: datetime, ahead: timedelta) -> Checkup:
    """The log never goes back in time: with a clock that is behind it, everything is recorded at its last instant.

    On a server events are recorded by its clock, and what is due or late is reckoned by ours all the same.
    """
    if abs(ahead) > TOLERANCE:
        return Checkup(
            "clock",
            f"{now:%Y-%m-%d %H:%M:%S} UTC, {_span(abs(ahead))} {_side(ahead)} the server's",
            "set the clock of this machine, or that of the server",
        )
    if found.last_at is None or found.last_at <= now + TOLERANCE:
        return Checkup("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, after the last event")
    return Checkup(
        "clock",
        f"the last event was recorded {_span(found.last_at - now)} later than it is now",
        "set the clock of this machine; until then events are recorded with the time of that one",
    )


def _writers(skews: list[Skew]) -> Iterator[Checkup]:
    """What the last events show about the clocks of those who wrote them; nothing when they agree."""
    for skew in skews:
        what = f"event {skew.position} comes from a clock {_span(abs(skew.ahead))} {_side(skew.ahead)} its record"
        late = " (or it was sent again so late)" if skew.ahead < timedelta() else ""
        yield Checkup(
            "clocks of writers", what + late, "run: mentorcycle doctor, on every machine that writes"
        )


def _others(store: Log) -> Iterator[Checkup]:
    """Transactions of others on the same server, for whose end new events wait until anybody can read them."""
    if isinstance(store, HeldUp):
        who, fix = store.held_up_by(LONG_OPEN) or ("none is open for long", "")
        yield Checkup("transactions", f"{who}; new events are not read before it ends" if fix else who, fix)


def _side(ahead: timedelta) -> str:
    return "ahead of" if ahead > timedelta() else "behind"


def _span(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"


def megabytes(number: int) -> str:
    """`5.8 MB`."""
    return f"{number / 2**20:.1f} MB" if number < 2**30 else f"{number / 2**30:.1f} GB"

"""The demo: a whole school year, lived in one go on a file of its own, and what three kinds of users see in it.

The year itself is `engine.simulation`'s part.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options
from .session import Session, command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from mentorcycle.engine import Engine
    from mentorcycle.engine.simulation.clock import SimulatedClock
    from mentorcycle.engine.simulation.year import Year

SEED = 2026


@command()
@click.option("--seed", type=click.IntRange(min=0), default=SEED, show_default=True, help="Another year.")
@options.yes
def demo(session: Session, seed: int, yes: bool) -> int:
    """Live a school year with 200 teachers and look at it.

    Makes mentorcycle-demo.db in this folder (or the store named with --db): a roster in six schools, pairs, cycles
    with pauses, rematches, late debriefs and refusals. The same seed gives the same year. --yes replaces an
    earlier demo. There is no --dry-run: it writes into no store but its own.

    \b
    mentorcycle demo
    mentorcycle demo --seed 7 --db sqlite:///seven.db
    """
    from mentorcycle.engine.simulation.demo import open_demo

    from .settings import DEMO_DB

    url = session.settings.db if session.settings.origins.get("db", "default") != "default" else DEMO_DB
    _make_room(url, yes)
    engine, clock = open_demo(url, seed)
    with engine:
        year = _lived(session, engine, clock, seed)
        return _shown(session, engine, year, url)


def _make_room(url: str, yes: bool) -> None:
    """Remove an earlier demo when that was asked for; refuse to touch anything else."""
    from mentorcycle.domain.errors import StoreUnavailable, UnknownStore
    from mentorcycle.engine.url import is_postgres, sqlite_path, without_password

    if is_postgres(url):
        raise UnknownStore(
            f"the demo is not written to {without_password(url)}",
            "it lives in a file of its own",
            "leave out --db, or name a file: --db sqlite:///seven.db",
        )
    path = sqlite_path(url)
    if path is None or not Path(path).exists() or Path(path).stat().st_size == 0:
        return
    if not _is_demo(url):
        raise StoreUnavailable(
            f"the demo is not written to {path}", "it holds something else", "name another file with --db"
        )
    if not yes:
        raise StoreUnavailable(
            f"{path} holds a demo already",
            "it would be replaced",
            "add --yes, or name another file with --db",
        )
    for suffix in ("", "-wal", "-shm"):
        Path(path + suffix).unlink(missing_ok=True)


def _is_demo(url: str) -> bool:
    from mentorcycle.engine.queries import Queries
    from mentorcycle.engine.simulation.demo import is_demo

    with Queries.open(url) as queries:
        return is_demo(queries.programme())


def _lived(session: Session, engine: Engine, clock: SimulatedClock, seed: int) -> Year:
    """Live the year, drawing a bar."""
    from mentorcycle.engine.simulation import term
    from mentorcycle.engine.simulation.year import run

    from .progress import progress

    days = len(term.school_days())
    bar = iter(progress(_forever(), days, "school days lived", quiet=session.quiet))

    def on_day(_day: date, _done: int, _total: int) -> None:
        next(bar)

    try:
        return run(engine, clock, seed, on_day)
    finally:
        bar.close()  # type: ignore[attr-defined]


def _forever() -> Iterator[None]:
    while True:
        yield None


def _shown(session: Session, engine: Engine, year: Year, url: str) -> int:
    from . import demo_report
    from .exits import ExitCode

    verification = demo_report.print_all(session, engine, year, url)
    return ExitCode.DONE if verification.holds else ExitCode.VERIFICATION_FAILED

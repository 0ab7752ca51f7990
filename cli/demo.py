"""The demo: a whole school year, lived in one go on a file of its own, and what three kinds of users see in it.

The year itself is `engine.simulation`'s part.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options
from .db.owner import owner_command
from .session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from mentorcycle.engine import Engine
    from mentorcycle.engine.simulation.clock import SimulatedClock
    from mentorcycle.engine.simulation.year import Year

SEED = 2026


@owner_command()
@click.option("--seed", type=click.IntRange(min=0), default=SEED, show_default=True, help="Another year.")
@options.yes
def demo(session: Session, seed: int, yes: bool) -> int:
    """Live a school year with 200 teachers and look at it.

    Makes mentorcycle-demo.db in this folder (or the store named with --db): a roster in six schools, pairs, cycles
    with pauses, rematches, late debriefs and refusals. The same seed gives the same year. --yes replaces an
    earlier demo, as long as nobody has written to it. The file appears when the year is over. There is no
    --dry-run: it writes into no store but its own.

    \b
    mentorcycle demo
    mentorcycle demo --seed 7 --db sqlite:///seven.db
    """
    from mentorcycle.engine import Engine, Settings
    from mentorcycle.engine.simulation.demo import open_demo
    from mentorcycle.engine.simulation.demo_file import (
        DemoMark,
        check_replaceable,
        finish,
        put,
        room_beside,
        url_of,
    )

    from .settings import DEMO_DB

    named = session.settings.origins.get("db", "default") != "default"
    url = session.settings.db if named else DEMO_DB
    path = _file(url)
    check_replaceable(path, yes=yes)
    with room_beside(path) as fresh:
        engine, clock = open_demo(url_of(fresh), seed)
        with engine:
            year = _lived(session, engine, clock, seed)
        finish(fresh, DemoMark(seed, year.events))
        check_replaceable(path, yes=yes)
        kept = put(fresh, path, f"{session.now():%Y%m%dT%H%M%S}")
    if kept:
        session.talk(f"what was written to {path} meanwhile is kept in {kept}")
    with Engine.open(url, settings=Settings(clock=clock), create=False) as engine:
        return _shown(session, engine, year, url)


def _file(url: str) -> str:
    """The file that is meant, where links lead to."""
    from mentorcycle.domain.errors import UnknownStore
    from mentorcycle.engine.url import sqlite_path, without_password

    path = sqlite_path(url)
    if path is None:
        raise UnknownStore(
            f"the demo is not written to {without_password(url)!r}",
            "it lives in a file of its own",
            "leave out --db, or name a file: --db sqlite:///north.db",
        )
    return str(Path(path).resolve()) if Path(path).is_symlink() else path


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

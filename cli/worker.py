"""`worker`: keeps read models up to date until it is told to stop."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread, current_thread, main_thread

import click

from .db.owner import owner_command
from .session import Session

NAMES = "One or more, with commas between them. [default: all]"
LEASE = "Let others take over after so many seconds without a sign of life."


@owner_command()
@click.option("--once", is_flag=True, help="Bring up to date what nobody else keeps, and end.")
@click.option("--models", metavar="NAMES", help=NAMES)
@click.option("--lease", type=click.FloatRange(1), default=8.0, show_default=True, help=LEASE)
def worker(session: Session, once: bool, models: str | None, lease: float) -> None:
    """Keep read models up to date, beside other workers.

    Any number may run, on any hosts: on PostgreSQL they share the read models, and the parts of large ones, and
    take over from each other. SIGTERM ends it when the batch at hand is done. There is no --dry-run: the log
    stays as it is.

    \b
    mentorcycle worker
    mentorcycle worker --once --models people,trail
    """
    from mentorcycle.engine.readers.worker import Worker

    from .columns import Column
    from .db.models import kept
    from .store import reading

    names = None if models is None else _names(models)
    with reading(session) as place:
        kept(place)
        working = Worker(place.queries.store, names, lease=lease, told=session.talk)
        if not once:
            with _heard(working.stop) as signals:
                working.run()
            session.talk("worker stopped")
            if signal.SIGINT in signals:
                raise KeyboardInterrupt
            return
        caught = working.run_once()
        for left in caught.left:
            session.talk(left)
        session.out.record(
            "worker-once/1",
            [Column("position"), Column("left")],
            {"position": caught.position, "left": list(caught.left)},
            sentence=f"read models have read up to event {caught.position}"
            + (f", but for {len(caught.left)} that others keep" if caught.left else ""),
            as_of=caught.position,
        )


def _names(typed: str) -> list[str]:
    """The read models that were named; an empty value (of a variable that is not set, say) does not mean all."""
    from mentorcycle.projections import MODELS

    from .exits import WrongValue

    if names := [name.strip() for name in typed.split(",") if name.strip()]:
        return names
    there = ", ".join(model.name for model in MODELS)
    raise WrongValue(
        f"--models {typed!r} names no read model", f"there are {there}", "name some, or leave it out for all"
    )


@contextmanager
def _heard(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Within, SIGTERM and SIGINT call `stop`, on a thread: in the midst of anything a lock might be held that it needs.

    A second one of the same kind does what it does otherwise. Gives the signals that came.
    """
    signals: list[int] = []
    if current_thread() is not main_thread():
        yield signals
        return
    here, there = socket.socketpair()
    there.setblocking(False)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def note(number: int, _frame: object) -> None:
        signals.append(number)
        signal.signal(number, before[signal.Signals(number)])

    def listen() -> None:
        with here:
            while here.recv(1):
                stop()

    waker = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    Thread(target=listen, name="hears signals", daemon=True).start()
    try:
        for number in before:
            signal.signal(number, note)
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(waker)
        there.close()

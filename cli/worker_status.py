"""`worker status`: who keeps which part of which read model, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import options
from .db.owner import owner_command
from .session import Session

if TYPE_CHECKING:
    from mentorcycle.engine.readers.working import Working


@owner_command()
@options.exit_code
def status(session: Session, exit_code: bool) -> object:
    """Show who keeps what, and how far it is.

    Every part of every read model: who feeds it, its last event, how far it lags behind the log, and the last sign
    of life of its owner. Nothing is brought up to date. With --exit-code it exits 8 when something lags, has
    failed, or is kept by nobody although workers could.
    """
    from .columns import Column
    from .exits import ExitCode
    from .store import reading

    with reading(session) as place:
        found = place.queries.readers.working()
    session.out.rows(
        "worker-status/1",
        [
            Column("model", "read model", keep=True),
            Column("part", right=True, of=lambda unit: unit.part + 1, human=str),
            Column("parts", in_table=False),
            Column("state", keep=True, colour=lambda state: "green" if state == "active" else "yellow"),
            Column("position", "read up to", right=True),
            Column("lag_events", "behind", right=True, human=lambda n: str(n or "")),
            Column("lag_seconds", "seconds", right=True, human=lambda n: f"{n:.0f}" if n else ""),
            Column("progress_at", in_table=False),
            Column(
                "owner", "kept by", keep=True, human=lambda name: name or ("nobody" if found.shared else "")
            ),
            Column("backend", in_table=False),
            Column("heartbeat", "heartbeat", right=True, human=_ago),
        ],
        found.units,
        footer=_said(found),
        as_of=found.head,
        facts={"workers": [worker._asdict() for worker in found.workers], "shared": found.shared},
    )
    needed = found.behind or (found.shared and found.unowned)
    return ExitCode.ATTENTION if exit_code and needed else None


def _ago(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.0f} s ago"


def _said(found: Working) -> str:
    from .sides import counted

    if not found.shared:
        return "this store needs no worker: whoever asks brings read models up to date"
    if not found.workers:
        return "no worker runs: whoever asks brings read models up to date; mentorcycle worker"
    return counted(len(found.workers), "worker")

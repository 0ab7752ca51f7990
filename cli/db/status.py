"""`db status`: how big, how far, and what the read models have read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..session import Session
from .owner import owner_command

if TYPE_CHECKING:
    from mentorcycle.engine.maintenance import StoreStatus

_RENAMED = {"schema": "store_schema"}  # every document of ours has a `schema`: its own


@owner_command()
def status(session: Session) -> None:
    """Show the store and its read models.

    As they are: nothing is brought up to date.
    """
    from mentorcycle.engine.doctor import megabytes
    from mentorcycle.engine.maintenance import status as look

    from ..columns import Column
    from ..sides import counted
    from ..store import reading

    with reading(session) as place:
        found = look(place.queries)
    models = [model._asdict() for model in found.models]
    given = {name: getattr(found, name) for name in found.__slots__} | {"models": models}
    fields = {_RENAMED.get(name, name): value for name, value in given.items()}
    if session.out.format != "table":
        session.out.record("db/1", [Column(name) for name in fields], fields, as_of=found.events)
        return
    wal = "" if found.wal_bytes is None else f", write-ahead log {megabytes(found.wal_bytes)}"
    journal = f", journal {found.journal_mode}" if found.journal_mode else ""
    head = {
        "store": found.path or "in memory",
        "size": f"{megabytes(found.bytes or 0)}{wal}",
        "schema": f"{found.schema or 'none'}{journal}",
        "events": _events(found),
    }
    session.out.record("db/1", [Column(name) for name in head], head)
    if not found.kept:
        session.talk("read models: each process makes its own from the log, when it is first asked")
        return
    session.out.text("")
    session.out.rows(
        "read-models/1",
        [
            Column("name", "read model", keep=True),
            Column("version", right=True),
            Column("state", keep=True, colour=lambda state: "green" if state == "active" else "yellow"),
            Column("position", "read up to", right=True),
            Column("lag_events", "behind", right=True, human=lambda n: str(n or "")),
            Column("dead_letters", "set aside", right=True, human=lambda n: str(n or "")),
            Column("rebuilding", "rebuilt up to", right=True),
            Column("error"),
        ],
        models,
    )
    if found.dead_letters:
        letters = counted(found.dead_letters, "stream")
        session.talk(f"{letters} set aside: mentorcycle db dead-letters list")


def _events(found: StoreStatus) -> str:
    def day(at: Any) -> str:
        return f"{at:%Y-%m-%d %H:%M} UTC"

    if found.first_at is None:
        return "none yet"
    return f"{found.events}, recorded from {day(found.first_at)} to {day(found.last_at)}"

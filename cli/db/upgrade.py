"""`db upgrade`: a store that an older program made, brought up to date."""

from __future__ import annotations

import click

from ..session import Session
from .owner import owner_command


@owner_command()
@click.option("--print-sql", is_flag=True, help="Write what would be done, and do nothing.")
def upgrade(session: Session, print_sql: bool) -> None:
    """Bring an older store up to date.

    In PostgreSQL: tables of the log and of read models that are missing, by their owner and under a lock; others
    go on meanwhile. A SQLite file needs nothing. There is no --dry-run: --print-sql is one.
    """
    from mentorcycle.engine.url import shown, upgrade_store

    from ..columns import Column
    from ..sides import counted
    from ..store import store_url

    url = store_url(session)
    statements = upgrade_store(url, dry_run=print_sql)
    if print_sql and session.out.format in ("table", "plain"):
        if statements:
            session.out.text("\n".join(["BEGIN;", *(f"{statement};" for statement in statements), "COMMIT;"]))
        session.talk("" if statements else f"{shown(url)} is up to date")
        return
    done = f"{shown(url)} is up to date now ({counted(len(statements), 'statement')})"
    session.out.record(
        "upgrade/1",
        [Column("store"), Column("done"), Column("statements", in_table=False)],
        {"store": shown(url), "done": bool(statements) and not print_sql, "statements": statements},
        sentence=done if statements else f"{shown(url)} is up to date",
    )

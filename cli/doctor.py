"""`doctor`: is everything well, and if not, what to do."""

from __future__ import annotations

from . import options
from .session import Session, command


@command()
@options.exit_code
def doctor(session: Session, exit_code: bool) -> object:
    """See whether everything is well, and what to do.

    Looks at the program, the store, the disk, the clock and the read models, and mends nothing. It exits 10
    when the store cannot be used, and with --exit-code 8 when something else needs attention.
    """
    from mentorcycle.domain.ids import DEFAULT_TENANT
    from mentorcycle.engine.doctor import STORE, Checkup, examine
    from mentorcycle.engine.queries import Queries
    from mentorcycle.engine.url import without_password

    from .columns import Column
    from .exits import ExitCode
    from .store import store_url

    url, tenant = store_url(session), session.settings.tenant or DEFAULT_TENANT
    origin = session.settings.origins.get("db", "default")
    checks = [
        Checkup("settings", f"store {without_password(url)}, from {origin}"),
        *examine(lambda: Queries.open(url, tenant=tenant, clock=session.now), session.now),
    ]
    attention = [check for check in checks if not check.ok]
    session.out.rows(
        "doctor/1",
        [
            Column("ok", "state", keep=True, human=_state, colour=_colour),
            Column("name", "check", keep=True),
            Column("what"),
            Column("fix", "do"),
        ],
        [
            {"ok": check.ok, "name": check.name, "what": check.what, "fix": session.completed(check.fix)}
            for check in checks
        ],
        footer=f"{len(attention)} of {len(checks)} need attention" if attention else "all is well",
        facts={"attention": len(attention)},
    )
    if any(check.name == STORE for check in attention):
        return ExitCode.STORE
    return ExitCode.ATTENTION if exit_code and attention else None


def _state(ok: bool) -> str:
    return "ok" if ok else "attention"


def _colour(ok: bool) -> str:
    return "green" if ok else "yellow"

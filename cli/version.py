"""`version`: the program and the parts that decide how it behaves."""

from __future__ import annotations

from .session import Session, command


@command()
def version(session: Session) -> None:
    """Show the versions of the program and its parts.

    `json` is the version of the envelope that JSON output comes in.
    """
    import platform
    import sqlite3
    from importlib.metadata import version as installed

    from .formats import JSON_FORMAT
    from .render import Column

    versions = {
        "mentorcycle": installed("mentorcycle"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "json": JSON_FORMAT,
    }
    session.out.record("version/1", [Column(name) for name in versions], versions)

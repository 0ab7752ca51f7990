"""Says in our words what PostgreSQL and psycopg report: every `psycopg.Error` becomes a `StoreUnavailable`.

Not for conflicts between writers of one stream (see `postgres_append`). No message here carries a password.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import conninfo as libpq

from mentorcycle.domain.errors import StoreUnavailable, UnknownStore

from .postgres_connection import Unanswered

DAMAGED = "look into the server's log; if it confirms the damage, restore the last backup"
INIT = "run: mentorcycle db init"
AGAIN = "send the command again with the same id: if it was recorded, that gives its receipt"

# SQLSTATE -> why, and what to do. https://www.postgresql.org/docs/current/errcodes-appendix.html
_REASONS: dict[str, tuple[str, str]] = {
    "25006": (
        "the server takes no writes: it is a standby, or set to read-only",
        "connect to the primary, or open the log read-only",
    ),
    "25P03": ("the server ended our transaction because it stood still too long", AGAIN),
    "28000": ("the server does not let this user in", "check user, database and the server's pg_hba.conf"),
    "28P01": ("the password is wrong", "check the password, for example in PGPASSWORD or ~/.pgpass"),
    "3D000": ("there is no such database", "check the name, or create the database"),
    "3F000": ("its schema is not there", INIT),
    "40001": ("another transaction was in the way", AGAIN),
    "40P01": ("transactions waited for each other", AGAIN),
    "42501": (
        "this role has not the rights that it needs",
        "let the owner grant them: mentorcycle.engine.stores.postgres_schema.grants(role) says how",
    ),
    "42883": ("its routines are not as this program made them", INIT),
    "42P01": ("its tables are not as this program made them", INIT),
    "53100": (
        "the server's disk is full; nothing is half written, and everything written before is safe",
        f"make room on the server; nothing has to be restarted here; {AGAIN}",
    ),
    "53200": ("the server is out of memory", "lower its load, or give it more"),
    "53300": (
        "the server takes no more connections",
        "close some, raise max_connections, or use a smaller pool",
    ),
    "55P03": (
        "another transaction kept a lock that this one needs",
        f"{AGAIN}; if it lasts, look in pg_stat_activity for a session that is idle in transaction",
    ),
    "57014": ("the server cancelled it, by its statement_timeout or on request", AGAIN),
    "57P01": (
        "the server ended this connection, or is shutting down",
        f"nothing has to be restarted here; {AGAIN}",
    ),
    "57P03": ("the server is starting or shutting down", "try again in a moment"),
    "58030": ("the server's file system reported an error", DAMAGED),
    "MC001": ("a copy is being made into this log", "open it again when the copy is finished"),  # ours
    "MC003": ("the log came from another cluster after it was opened", AGAIN),  # ours
    "XX001": ("a page of the server is damaged", DAMAGED),
    "XX002": ("an index of the server is damaged", DAMAGED),
}

# While connecting, libpq gives words and no SQLSTATE.
_WORDS = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("no pg_hba.conf entry", "28000"),
    ("permission denied", "42501"),
    ('role "', "28000"),
    ("too many clients", "53300"),
    ("remaining connection slots", "53300"),
    ("too many connections", "53300"),
    ("the database system is", "57P03"),
    ('database "', "3D000"),
)
_NO_WRITES = "session is read-only"  # what libpq says of a host when target_session_attrs asks for another
_AWAY = (
    "the server cannot be reached",
    "check that it runs and that host and port are right; when it is back nothing has to be restarted here",
)
_NO_SCHEMA = (  # the first thing that a log needs, and nothing that `grants` gives
    "this role may make no schema in that database",
    "connect as the owner of the database, or let them GRANT CREATE ON DATABASE to this role",
)
_SILENT = (
    "the server, or the network on the way to it, stands still, so the connection was given up",
    f"nothing has to be restarted here; {AGAIN}",
)
_READ_ONLY = (
    "no server that answers takes writes: one of them may be about to take over",
    "try again in a moment; nothing has to be restarted here",
)
_LOST = (
    "the connection was lost in the middle, so what was asked for may be recorded or not",
    f"nothing has to be restarted here; {AGAIN}",
)


def place_of(conninfo: str) -> str:
    """A database as it may be shown: where it is and what it is called, without user and password."""
    try:
        parts = libpq.conninfo_to_dict(conninfo)
    except psycopg.Error:
        return "the PostgreSQL database"
    hosts = str(parts.get("host") or "").split(",")
    ports = str(parts.get("port") or "").split(",")
    ports += [ports[-1]] * (len(hosts) - len(ports))  # as libpq does it: one port for all of them
    places = [
        f"{_host(host)}{':' if port else ''}{port if _is_port(port) else '…'}"
        for host, port in zip(hosts, ports, strict=False)
    ]
    return f"postgresql://{','.join(filter(None, places))}/{parts.get('dbname') or ''}"


def unavailable(conninfo: str, error: psycopg.Error, *, connecting: bool = False) -> StoreUnavailable:
    """The error of ours for one of PostgreSQL's, with its words and its code in it.

    `connecting` says that nothing had been asked of the server.
    """
    code = error.sqlstate or _code_of_words(error)
    words = " ".join((error.diag.message_primary or str(error)).split())
    words = words.rpartition("All failures were: ")[2]  # the last of them stands before, too
    if isinstance(error, Unanswered):
        why, fix = _SILENT
    elif code == "42501" and words.startswith("permission denied for database"):
        why, fix = _NO_SCHEMA
    elif code in _REASONS:
        why, fix = _REASONS[code]
    elif isinstance(error, psycopg.OperationalError) and (code is None or code.startswith("08")):
        away = _READ_ONLY if _NO_WRITES in words else _AWAY
        why, fix = away if connecting else _LOST
    else:
        why, fix = "PostgreSQL refused the operation", "try again; if it lasts, look into the server's log"
    facts = f"{code}: {words}" if code else words
    return StoreUnavailable(f"the store {place_of(conninfo)} is unavailable", f"{why} ({facts})", fix)


def closed(conninfo: str) -> StoreUnavailable:
    """The error for the use of a closed store."""
    return StoreUnavailable(
        f"the store {place_of(conninfo)} is closed", "it was used after close()", "open it again"
    )


def parsed(conninfo: str) -> dict[str, Any]:
    """The parts of a URL as libpq reads them; an `@` that a password did not escape is no host, and not shown.

    Raises `StoreUnavailable` for a URL that cannot be read, `UnknownStore` for one whose port is none.
    """
    try:
        parts = libpq.conninfo_to_dict(conninfo)
    except psycopg.Error as error:
        raise unreadable(error) from None
    if "@" in str(parts.get("host") or ""):
        raise unreadable(psycopg.ProgrammingError())
    if not all(map(_is_port, str(parts.get("port") or "").split(","))):
        raise UnknownStore(
            "the PostgreSQL URL names no store: its port is not one",
            "a port is a number from 1 to 65535",  # it is not shown: without a host, a password stands in its place
            "write postgresql://user@host:5432/database, or leave the port out",
        )
    return parts


def unreadable(conninfo_error: psycopg.Error) -> StoreUnavailable:
    """The error for a URL that libpq cannot read; the words of libpq may quote the password, so they are left out."""
    return StoreUnavailable(
        "the PostgreSQL URL cannot be read",
        f"{type(conninfo_error).__name__}: some part of it is not as libpq wants it",
        "write postgresql://user:password@host:port/database, with % escapes for special characters",
    )


@contextmanager
def translated(conninfo: str, *, connecting: bool = False) -> Iterator[None]:
    """Within the block no `psycopg.Error` gets out; `connecting` as in `unavailable`."""
    try:
        yield
    except psycopg.Error as error:
        raise unavailable(conninfo, error, connecting=connecting) from error


def _is_port(text: str) -> bool:
    """Whether libpq takes it for a port; nothing stands for the usual one."""
    return not text or (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536)


def _host(name: str) -> str:
    if name.startswith("/"):
        return ""
    return f"[{name}]" if ":" in name else name  # as a URL has it, or no port could follow


def _code_of_words(error: psycopg.Error) -> str | None:
    text = str(error)
    if "FATAL" not in text and "password" not in text:
        return None
    return next((code for words, code in _WORDS if words in text), None)

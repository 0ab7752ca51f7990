"""The stock application of `tests.benchmarks.stock` on PostgreSQL, with the library's defaults."""

from __future__ import annotations

from psycopg.conninfo import conninfo_to_dict

from ..stock import Mentoring


def open_stock(url: str, *, create: bool = False) -> Mentoring:
    """The application on one database; it cannot make its tables in several processes at once."""
    given = conninfo_to_dict(url)
    return Mentoring(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "CREATE_TABLE": "yes" if create else "no",
            "POSTGRES_DBNAME": str(given["dbname"]),
            "POSTGRES_HOST": str(given["host"]),
            "POSTGRES_PORT": str(given.get("port") or 5432),
            "POSTGRES_USER": str(given["user"]),
            "POSTGRES_PASSWORD": str(given.get("password") or "none"),
        }
    )

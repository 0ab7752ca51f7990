"""The way from this site to the engine: one engine a process, and commands within Django's transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.db import connection, transaction

from mentorcycle.engine import Engine, Unit


@cache
def engine() -> Engine:
    """Opened by the first request, so after the server has forked."""
    return Engine.open(settings.DATABASE_URL, create=False)


@contextmanager
def joined() -> Iterator[Unit]:
    """Commands that commit with the rows of the `transaction.atomic` block around them, or not at all."""
    connection.ensure_connection()
    with engine().join(connection.connection) as unit:
        transaction.on_commit(unit.committed)
        yield unit

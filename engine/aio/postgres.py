"""The PostgreSQL store for tasks: the one for threads, with other connections and another pace."""

from __future__ import annotations

from ..stores.postgres import PostgresStore
from .connection import connect
from .pace import TASKS


class LoopStore(PostgresStore):
    """A log that tasks of one event loop share, each call within a `bridge`."""

    pace = TASKS
    _connect = staticmethod(connect)

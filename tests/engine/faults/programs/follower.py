"""Follows a log from its begin, whatever happens to the server: a process of its own.

It says what it saw, a line each: `<position> <stream> <version> <command id> <recorded at>`.
"""

from __future__ import annotations

import sys

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.engine import Engine, Settings

url, patience = sys.argv[1:]
with Engine.open(url, settings=Settings(patience=float(patience))) as engine, engine.subscribe() as log:
    while True:
        try:
            seen = next(log)
        except StoreUnavailable:
            continue
        micros = int(seen.recorded_at.timestamp() * 1_000_000)
        print(seen.position, seen.stream, seen.version, seen.command_id, micros, flush=True)

"""The standby takes over under load: nothing acknowledged is lost, positions stay, and no process is restarted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from random import Random
from threading import Thread

import pytest

from mentorcycle.domain.errors import Conflict, StoreUnavailable
from mentorcycle.engine.stores.port import tail
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_schema import init_schema
from mentorcycle.engine.testing.store_contract import command, event

from .load import Load
from .servers import Node, free_port

LOG = "log"
NAMES = ("standby", "primary")


class Pair:
    """A primary and a standby that its commits wait for; after `fail_over`, the other way round."""

    def __init__(self, made: Callable[[], AbstractContextManager[Path]], stack: ExitStack) -> None:
        self._directory = lambda: stack.enter_context(made())
        self.primary = Node.made(self._directory())
        self.primary.start()
        self.primary.sql(f"CREATE DATABASE {LOG}")
        init_schema(self.primary.database(LOG))
        self._ports = (self.primary.port, free_port())
        self.standby = self._followed(self._ports[1])

    @property
    def url(self) -> str:
        """Of the log, wherever it can be written."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        return f"postgresql://postgres@{hosts}/{LOG}?target_session_attrs=read-write"

    def fail_over(self) -> None:
        """Stop the primary at once and promote the standby. Nobody follows it yet."""
        self.primary.stop("immediate")
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def rejoin(self) -> None:
        """Make the server that was stopped a standby again, as a new copy."""
        self.standby = self._followed(self.standby.port)

    def _followed(self, port: int) -> Node:
        standby = self.primary.standby(self._directory(), "follower", port)
        self.primary.wait_for("follower")
        return standby


@pytest.fixture
def pair(server_directory: Callable[[], AbstractContextManager[Path]]) -> Iterator[Pair]:
    with ExitStack() as stack:
        yield Pair(server_directory, stack)


def fails_over(pair: Pair, rounds: int, seed: int) -> None:
    chance = Random(seed)
    with Load(pair.url) as load:
        load.follower()
        writers = [load.writer() for _ in range(3)]
        for number in range(rounds):
            load.more_acks(chance.randint(2, 12))
            before = [len(writer.errors()) for writer in writers]
            pair.fail_over()
            load.more_acks(3)
            assert [len(writer.errors()) for writer in writers] > before
            if number < rounds - 1:
                pair.rejoin()
        load.stop()
        load.holds()
        told = "\n".join(line for writer in writers for line in writer.errors())
        assert "may be recorded or not" in told
        assert "same id" in told


def test_the_standby_takes_over_under_load_and_nothing_acknowledged_is_lost(pair: Pair) -> None:
    fails_over(pair, rounds=1, seed=1)


@pytest.mark.soak
def test_servers_that_take_over_from_each_other_ten_times_lose_nothing_acknowledged(pair: Pair) -> None:
    fails_over(pair, rounds=10, seed=2)

"""Every store runs the same contract."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mentorcycle.engine.stores.memory import MemoryStore
from mentorcycle.engine.stores.port import Store
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.testing.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    def make_store(self, directory: Path, clock: Callable[[], int]) -> Store:
        return MemoryStore(clock=clock)


class TestSQLiteStore(StoreContract):
    def make_store(self, directory: Path, clock: Callable[[], int]) -> Store:
        return SQLiteStore(directory / "log.db", clock=clock)


class TestPostgresStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _log(self, log_url: str) -> None:
        self.url = log_url

    def make_store(self, directory: Path, clock: Callable[[], int]) -> Store:
        return PostgresStore(self.url, clock=clock)


class TestPostgresStoreOfTasks(StoreContract):
    """Where the contract has threads, these are tasks of one event loop."""

    @pytest.fixture(autouse=True)
    def _log(self, log_url: str, of_tasks: Callable[..., PostgresStore]) -> None:
        self.url = log_url
        self.open = of_tasks

    def make_store(self, directory: Path, clock: Callable[[], int]) -> Store:
        return self.open(self.url, clock=clock)

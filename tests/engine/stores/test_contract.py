"""Every store runs the same contract."""

from collections.abc import Callable
from pathlib import Path

from mentorcycle.engine.stores.memory import MemoryStore
from mentorcycle.engine.stores.port import Store
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.testing.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    def make_store(self, directory: Path, clock: Callable[[], int]) -> Store:
        return MemoryStore(clock=clock)


class TestSQLiteStore(StoreContract):
    def make_store(self, directory: Path, clock: Callable[[], int]) -> Store:
        return SQLiteStore(directory / "log.db", clock=clock)

"""The store of tasks keeps what every store promises: threads of the contract are tasks of one loop here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mentorcycle.engine.aio.postgres import LoopStore
from mentorcycle.engine.stores.port import Store
from mentorcycle.engine.testing.store_contract import StoreContract


class TestLoopStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _log(self, log_url: str, in_loop: Callable[[Callable[[], Any]], Any]) -> None:
        self.url = log_url
        self.in_loop = in_loop

    def make_store(self, directory: Path, clock: Callable[[], int]) -> Store:
        store: Store = self.in_loop(lambda: LoopStore(self.url, clock=clock))
        return store

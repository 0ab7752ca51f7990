"""Servers that tests of faults may ruin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path

import pytest

from mentorcycle.engine.stores.postgres_schema import init_schema

from .servers import Node

Directory = Callable[[], AbstractContextManager[Path]]

_numbers = count(1)


@pytest.fixture(scope="session")
def durable(server_directory: Directory) -> Iterator[Node]:
    """A server that the tests of one run stop and kill as they like, and start again."""
    with server_directory() as directory:
        node = Node.made(directory)
        node.start()
        node.sql("CREATE DATABASE empty_log")
        init_schema(node.database("empty_log"))
        yield node


@pytest.fixture
def new_log(durable: Node) -> Callable[[], str]:
    """Makes a database with an empty log on the durable server; its name."""

    def make() -> str:
        name = f"log_{next(_numbers)}"
        durable.sql(f"CREATE DATABASE {name} TEMPLATE empty_log")
        return name

    return make

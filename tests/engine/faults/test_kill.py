"""Writers, workers and the server are killed at work: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

import pytest

from .load import Load, eventually
from .servers import Node

ROUNDS_A_LOG = 10


@pytest.fixture(autouse=True)
def fsync(durable: Node) -> Iterator[None]:
    """What is acknowledged waits for the disk here, as it does where it matters."""
    durable.sql("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
    yield
    durable.sql("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")


def survives(durable: Node, new_log: Callable[[], str], rounds: int, seed: int) -> None:
    """Every round kills a writer, a worker or the server; whoever lives goes on without being restarted."""
    chance, failed = Random(seed), 0
    for begin in range(0, rounds, ROUNDS_A_LOG):
        with Load(durable.database(new_log())) as load:
            load.follower()
            for _ in range(2):
                load.writer()
                load.worker()
            for number in range(begin, min(begin + ROUNDS_A_LOG, rounds)):
                load.more_acks(chance.randint(1, 12))
                match number % 5:
                    case 0:
                        victim = next(writer for writer in load.writers if writer.process.poll() is None)
                        victim.kill()
                        load.writer()
                    case 1:
                        durable.stop("immediate")
                        durable.start()
                    case 2:
                        next(worker for worker in load.workers if worker.process.poll() is None).kill()
                        load.worker()
                    case 3:
                        durable.kill()
                        durable.start()
                    case 4:
                        durable.kill_backend()
            load.more_acks(5)
            eventually(partial(load.shared_by, 2), "two workers feed everything")
            load.stop()
            failed += sum(len(writer.errors()) for writer in load.writers)
            load.holds()
    assert failed, "no writer ever noticed"


def test_writers_workers_and_the_server_killed_at_work_lose_nothing_acknowledged(
    durable: Node, new_log: Callable[[], str]
) -> None:
    survives(durable, new_log, rounds=3, seed=1)


@pytest.mark.soak
def test_fifty_kills_of_writers_workers_and_the_server_lose_nothing_acknowledged(
    durable: Node, new_log: Callable[[], str]
) -> None:
    survives(durable, new_log, rounds=50, seed=2)

"""Threads share commits, and none is left behind, whatever happens to the one that leads."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event, Thread
from time import sleep

import pytest

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.engine.stores.group_commit import GroupCommit
from mentorcycle.engine.stores.port import Appended
from mentorcycle.engine.stores.sqlite import SQLiteStore
from mentorcycle.engine.testing.store_contract import command, event


class Stage:
    """A commit that the test holds open until followers have joined, and that may then fail."""

    def __init__(self, failing: list[BaseException | None]) -> None:
        self.failing = failing
        self.batches: list[list[int]] = []
        self.entered = Event()
        self.go_on = Event()
        self.group: GroupCommit[int, int] = GroupCommit(self.commit)
        self.answers: dict[int, object] = {}

    def commit(self, drain: Callable[[], list[int]], _: float) -> list[int]:
        self.entered.set()
        assert self.go_on.wait(60)
        batch = drain()
        self.batches.append(batch)
        error = self.failing.pop(0) if self.failing else None
        if error is not None:
            raise error
        return [request * 10 for request in batch]

    def submit(self, request: int) -> None:
        try:
            self.answers[request] = self.group.submit(request, 60.0)
        except BaseException as error:
            self.answers[request] = error

    def play(self) -> None:
        """1 leads; 2, 3 and 4 join while it has not begun to write."""
        threads = [Thread(target=self.submit, args=(request,)) for request in (1, 2, 3, 4)]
        threads[0].start()
        assert self.entered.wait(60)
        for thread in threads[1:]:
            thread.start()
        while len(self.group._waiting) < 3:
            sleep(0.001)
        self.go_on.set()
        for thread in threads:
            thread.join(60)


def test_those_who_come_before_the_writing_begins_are_in_the_commit() -> None:
    stage = Stage([])
    stage.play()
    assert sorted(stage.batches[0]) == [1, 2, 3, 4]
    assert stage.answers == {1: 10, 2: 20, 3: 30, 4: 40}


def test_a_commit_that_fails_fails_for_all_in_it_and_for_no_one_after() -> None:
    error = StoreUnavailable("full")
    stage = Stage([error])
    stage.play()
    assert stage.answers == {1: error, 2: error, 3: error, 4: error}
    stage.submit(5)
    assert stage.answers[5] == 50


def test_an_interrupted_leader_leaves_its_followers_to_commit_themselves() -> None:
    stage = Stage([KeyboardInterrupt()])
    stage.play()
    assert isinstance(stage.answers[1], KeyboardInterrupt)
    assert {n: stage.answers[n] for n in (2, 3, 4)} == {2: 20, 3: 30, 4: 40}
    assert sorted(request for batch in stage.batches[1:] for request in batch) == [2, 3, 4]


def test_one_who_is_interrupted_again_and_again_does_not_keep_the_lead() -> None:
    """The others have no chance but the one that they are given: who comes back is sooner there than who wakes up."""
    begun = Event()

    def commit(drain: Callable[[], list[int]], deadline: float) -> list[int]:
        begun.set()
        while not group._waiting and deadline < 0:
            sleep(0)
        if deadline < 0:
            raise KeyboardInterrupt
        return drain()

    group: GroupCommit[int, int] = GroupCommit(commit)
    answers: list[int] = []
    other = Thread(target=lambda: (begun.wait(60), answers.append(group.submit(2, 60.0))))
    other.start()
    before = sys.getswitchinterval()
    sys.setswitchinterval(60)  # whoever wakes up waits for the interpreter until it is given away
    try:
        with pytest.raises(KeyboardInterrupt):
            group.submit(1, -1.0)
        assert group.submit(3, 60.0) == 3
        assert answers == [2]
    finally:
        sys.setswitchinterval(before)
        other.join(60)


def test_a_leader_that_cannot_begin_fails_alone() -> None:
    begun: list[int] = []

    def commit(drain: Callable[[], list[int]], deadline: float) -> list[int]:
        if deadline < 0:
            raise StoreUnavailable("busy")
        begun.extend(batch := drain())
        return batch

    group: GroupCommit[int, int] = GroupCommit(commit)
    with pytest.raises(StoreUnavailable):
        group.submit(1, -1.0)
    assert group.submit(2, 1.0) == 2
    assert begun == [2]


def test_threads_that_append_at_the_same_time_share_commits(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "log.db") as store:
        results: list[Appended] = []
        threads = [
            Thread(target=lambda n=n: results.append(store.append(command(f"c{n}", event(f"s{n}", 1)))))
            for n in range(8)
        ]
        with store.writer():  # nobody can begin, so all will have joined
            for thread in threads:
                thread.start()
            while len(store._group._waiting) < 7:
                sleep(0.001)
        for thread in threads:
            thread.join(60)
        assert sorted(result.first for result in results) == list(range(1, 9))
        assert store.commits == 1


class Interrupt(BaseException):
    """What a Ctrl-C would raise in the main thread, between any two lines."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers here")
def test_interrupts_at_any_moment_leave_nobody_hanging_and_nothing_open(tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise Interrupt

    def append(who: int) -> None:
        for n in range(150):
            store.append(command(f"{who}-{n}", event(f"s{who}", n + 1)))

    before = signal.signal(signal.SIGALRM, interrupt)
    random = Random(1)
    interrupted = 0
    try:
        with SQLiteStore(tmp_path / "log.db") as store:
            threads = [Thread(target=append, args=(who,)) for who in range(3)]
            for thread in threads:
                thread.start()
            n = 0
            while interrupted < 30 or any(thread.is_alive() for thread in threads):
                n += 1
                try:
                    signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.002))
                    store.append(command(f"main-{n}", event(f"main-{n}", 1)))
                    signal.setitimer(signal.ITIMER_REAL, 0)
                except Interrupt:
                    interrupted += 1
            assert [len(store.read_stream("north", f"s{who}")) for who in range(3)] == [150, 150, 150]
            assert store.append(command("last", event("last", 1))).last == store.head()
            assert store.findings() == []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_lone_thread_commits_for_itself(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "log.db") as store:
        for n in range(3):
            store.append(command(f"c{n}", event("a", n + 1)))
        assert store.commits == 3


def test_text_that_cannot_be_stored_fails_before_it_has_commit_mates(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "log.db") as store, pytest.raises(ValueError, match="surrogates"):
        store.append(command("c\udc80", event("a", 1)))

"""What every store promises, as tests: subclass `StoreContract`, say how a store is made, and run pytest.

    class TestOurStore(StoreContract):
        def make_store(self, directory, clock):
            return OurStore(directory / "log", clock=clock)

A store that passes can carry the engine. Not for what is particular to one medium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest

from mentorcycle.domain.errors import CommandReused, Conflict, StoreUnavailable
from mentorcycle.projections.projection import PARTS, part_of

from ..stores.port import Appended, NewEvent, NewWords, Slice, Store, StoredRow, tail
from ..stores.sifting import Wanted, read_wanted

TENANT = "north"
HASH = b"h" * 32
NOON = 1_700_000_000_000_000


def event(stream: str, version: int, state: bytes = b"state", topic: str = "GoalAgreed.1") -> NewEvent:
    """An event of which only the place matters."""
    return NewEvent(stream, version, topic, state)


def command(
    command_id: str,
    *events: NewEvent,
    expected: dict[str, int] | None = None,
    content_hash: bytes = HASH,
    tenant: str = TENANT,
    words: tuple[NewWords, ...] = (),
    after: tuple[str, ...] = (),
) -> Slice:
    """A slice; by default it expects every stream to stand just before its first event here."""
    if expected is None:
        expected = {}
        for new in events:
            expected.setdefault(new.stream, new.version - 1)
    return Slice(tenant, command_id, content_hash, expected, events, words, after)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


class StoreContract:
    """Override `make_store`; everything else is what a store is tested for."""

    def make_store(self, directory: Path, clock: Callable[[], int]) -> Store:
        """A new, empty store that takes its time from `clock`."""
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> Clock:
        """The time at which the store records."""
        return Clock()

    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[Store]:
        """The store under test."""
        store = self.make_store(tmp_path, clock)
        yield store
        store.close()

    # Appending

    def test_an_event_is_read_back_as_it_was_appended(self, store: Store) -> None:
        state = bytes(range(256)) * 5000
        new = NewEvent("cycle:ø\U0001f600", 1, "GoalAgreed.1", state)
        appended = store.append(command("c1", new))
        row = StoredRow(1, TENANT, "cycle:ø\U0001f600", 1, "GoalAgreed.1", NOON, state)
        assert appended == Appended(1, 1, NOON)
        assert store.read_stream(TENANT, "cycle:ø\U0001f600") == [row]
        assert store.read_log(0, 10) == [row]

    def test_a_state_may_be_empty(self, store: Store) -> None:
        store.append(command("c1", event("a", 1, b"")))
        assert store.read_stream(TENANT, "a")[0].state == b""

    def test_positions_are_dense_and_start_at_one(self, store: Store) -> None:
        store.append(command("c1", event("a", 1), event("b", 1)))
        store.append_many([command("c2", event("a", 2)), command("c3", event("c", 1), event("c", 2))])
        assert [row.position for row in store.read_log(0, 10)] == [1, 2, 3, 4, 5]
        assert store.head() == 5

    def test_a_slice_over_many_streams_is_taken_whole_or_not_at_all(self, store: Store) -> None:
        store.append(command("c1", event("a", 1)))
        with pytest.raises(Conflict):
            store.append(command("c2", event("b", 1), event("a", 1), words=_words("b")))
        assert store.head() == 1
        assert store.read_stream(TENANT, "b") == []
        assert store.read_words(TENANT, "b") == []
        assert store.find_command(TENANT, "c2") is None

    def test_a_conflict_says_what_was_expected_and_what_is(self, store: Store) -> None:
        store.append(command("c1", event("a", 1), event("a", 2)))
        with pytest.raises(Conflict) as caught:
            store.append(command("c2", event("a", 2)))
        assert (caught.value.stream, caught.value.expected, caught.value.actual) == ("a", 1, 2)

    def test_a_version_from_the_future_is_a_conflict(self, store: Store) -> None:
        with pytest.raises(Conflict) as caught:
            store.append(command("c1", event("a", 3)))
        assert (caught.value.expected, caught.value.actual) == (2, 0)

    def test_a_stream_that_was_only_read_must_not_have_changed(self, store: Store) -> None:
        store.append(command("c1", event("a", 1)))
        with pytest.raises(Conflict):
            store.append(command("c2", event("b", 1), expected={"a": 0, "b": 0}))
        assert store.append(command("c2", event("b", 1), expected={"a": 1, "b": 0})).first == 2

    def test_a_stream_that_must_not_exist_may_not(self, store: Store) -> None:
        store.append(command("c1", event("a", 1)))
        with pytest.raises(Conflict):
            store.append(command("c2", expected={"a": 0}))

    def test_a_stream_that_is_not_expected_is_checked_by_its_first_event(self, store: Store) -> None:
        store.append(command("c1", event("a", 1), expected={}))
        with pytest.raises(Conflict):
            store.append(command("c2", event("a", 1), expected={}))
        store.append(command("c3", event("a", 2), expected={}))

    @pytest.mark.parametrize(
        "events", [(event("a", 1), event("a", 3)), (event("a", 1), event("a", 1)), (event("a", 2),)]
    )
    def test_a_slice_that_contradicts_itself_is_an_error_of_the_caller(
        self, store: Store, events: tuple[NewEvent, ...]
    ) -> None:
        with pytest.raises(ValueError, match="its next event cannot be"):
            store.append(command("c1", *events, expected={"a": 0}))
        assert store.head() == 0

    # Commands

    def test_what_was_decided_on_another_log_is_a_conflict(self, store: Store) -> None:
        here = replace(command("c1", event("s", 1)), incarnation=store.incarnation())
        assert store.append(here).first == 1
        elsewhere = replace(command("c2", event("s", 2)), incarnation=store.incarnation() + "x")
        with pytest.raises(Conflict):
            store.append(elsewhere)
        assert store.append_many([replace(here, incarnation="y")]) == [Appended(1, 1, NOON, repeated=True)]
        assert store.head() == 1

    def test_a_repeated_command_returns_its_first_result_and_writes_nothing(
        self, store: Store, clock: Clock
    ) -> None:
        first = store.append(command("c1", event("a", 1), event("a", 2)))
        store.append(command("c2", event("a", 3)))
        clock.now += 5
        again = store.append(command("c1", event("a", 1), event("a", 2)))
        assert again == first._replace(repeated=True)
        assert store.head() == 3

    def test_a_repeated_command_is_known_whatever_it_expects_now(self, store: Store) -> None:
        first = store.append(command("c1", event("a", 1)))
        again = store.append(command("c1", event("a", 2), expected={"a": 1, "b": 7}))
        assert again == first._replace(repeated=True)

    def test_an_id_used_for_other_content_is_refused(self, store: Store) -> None:
        store.append(command("c1", event("a", 1)))
        with pytest.raises(CommandReused) as caught:
            store.append(command("c1", event("a", 2), content_hash=b"other"))
        assert caught.value.command_id == "c1"
        assert store.head() == 1

    def test_a_refused_command_leaves_its_id_free(self, store: Store) -> None:
        with pytest.raises(Conflict):
            store.append(command("c1", event("a", 2)))
        assert store.append(command("c1", event("a", 1))).repeated is False

    def test_a_command_without_events_is_remembered(self, store: Store, clock: Clock) -> None:
        store.append(command("c1", event("a", 1)))
        nothing = store.append(command("c2", expected={"a": 1}))
        assert nothing == Appended(2, 1, NOON)
        assert nothing.last < nothing.first
        clock.now += 5
        assert store.append(command("c2", expected={"a": 1})) == nothing._replace(repeated=True)

    def test_an_accepted_command_can_be_found(self, store: Store) -> None:
        store.append(command("c1", event("a", 1), event("a", 2)))
        known = store.find_command(TENANT, "c1")
        assert known is not None
        assert (known.content_hash, known.first, known.last, known.recorded_at) == (HASH, 1, 2, NOON)
        assert store.find_command(TENANT, "c2") is None

    def test_tenants_share_nothing_but_the_order(self, store: Store) -> None:
        store.append(command("c1", event("a", 1), tenant="north", words=_words("a")))
        south = store.append(command("c1", event("a", 1), tenant="south", content_hash=b"other"))
        assert south == Appended(2, 2, NOON)
        assert [row.tenant for row in store.read_stream("south", "a")] == ["south"]
        assert store.read_words("south", "a") == []
        assert store.read_streams("east", ["a"]) == {"a": []}

    # Many at once

    def test_of_many_slices_each_is_answered_alone(self, store: Store) -> None:
        store.append(command("c0", event("a", 1)))
        outcomes = store.append_many(
            [
                command("c1", event("b", 1)),
                command("c2", event("a", 1)),
                command("c0", event("a", 1), content_hash=b"other"),
                command("c0", event("a", 1)),
                command("c3", event("c", 1), event("b", 2)),
            ]
        )
        assert outcomes[0] == Appended(2, 2, NOON)
        assert isinstance(outcomes[1], Conflict)
        assert isinstance(outcomes[2], CommandReused)
        assert outcomes[3] == Appended(1, 1, NOON, repeated=True)
        assert outcomes[4] == Appended(3, 4, NOON)

    def test_a_later_slice_sees_the_earlier_ones(self, store: Store) -> None:
        outcomes = store.append_many(
            [
                command("c1", event("a", 1)),
                command("c2", event("a", 2)),
                command("c3", event("a", 2)),
                command("c1", event("a", 1)),
                command("c1", event("a", 1), content_hash=b"other"),
            ]
        )
        assert [type(outcome) for outcome in outcomes] == [
            Appended, Appended, Conflict, Appended, CommandReused,
        ]  # fmt: skip
        assert outcomes[3] == Appended(1, 1, NOON, repeated=True)

    def test_a_slice_decided_on_others_is_a_conflict_unless_they_are_taken_now(self, store: Store) -> None:
        store.append(command("c0", event("a", 1)))
        outcomes = store.append_many(
            [
                command("c0", event("a", 1)),
                command("c1", event("b", 1)),
                command("on-a-repeated-one", event("c", 1), after=("c0",)),
                command("on-a-new-one", event("d", 1), after=("c1",)),
                command("on-a-conflict", event("e", 1), after=("c1", "on-a-repeated-one")),
            ]
        )
        assert [type(outcome) for outcome in outcomes] == [Appended, Appended, Conflict, Appended, Conflict]
        assert store.head() == 3

    def test_no_slices_are_no_outcomes(self, store: Store) -> None:
        assert store.append_many([]) == []

    def test_thousands_of_slices_are_one_batch(self, store: Store) -> None:
        slices = [command(f"c{n}", event(f"s{n % 700}", n // 700 + 1)) for n in range(2500)]
        assert all(isinstance(outcome, Appended) for outcome in store.append_many(slices))
        assert [row.position for row in tail(store, 0)] == list(range(1, 2501))
        again = store.append_many(slices)
        assert all(isinstance(outcome, Appended) and outcome.repeated for outcome in again)
        assert store.head() == 2500

    # Reading

    def test_a_stream_is_read_from_a_version_up_to_a_position(self, store: Store) -> None:
        for version in range(1, 5):
            store.append(command(f"a{version}", event("a", version)))
            store.append(command(f"b{version}", event("b", version)))
        assert [row.version for row in store.read_stream(TENANT, "a")] == [1, 2, 3, 4]
        assert [row.version for row in store.read_stream(TENANT, "a", after=2)] == [3, 4]
        assert [row.version for row in store.read_stream(TENANT, "a", position=5)] == [1, 2, 3]
        assert [row.version for row in store.read_stream(TENANT, "a", after=1, position=4)] == [2]
        assert store.read_stream(TENANT, "nobody") == []

    def test_many_streams_are_read_at_once_and_each_is_present(self, store: Store) -> None:
        store.append(command("c1", event("a", 1), event("b", 1), event("a", 2)))
        found = store.read_streams(TENANT, ["b", "nobody", "a", "b"])
        assert {stream: [row.version for row in rows] for stream, rows in found.items()} == {
            "b": [1],
            "nobody": [],
            "a": [1, 2],
        }
        assert store.read_streams(TENANT, []) == {}

    def test_the_log_is_read_in_pages_and_by_tenant(self, store: Store) -> None:
        for n in range(1, 7):
            store.append(command(f"c{n}", event(f"s{n}", 1), tenant="north" if n % 2 else "south"))
        assert _positions(store.read_log(0, 4)) == [1, 2, 3, 4]
        assert _positions(store.read_log(4, 4)) == [5, 6]
        assert _positions(store.read_log(1, 10, upto=3)) == [2, 3]
        assert _positions(store.read_log(0, 2, tenant="south")) == [2, 4]
        assert _positions(store.read_log(2, 9, upto=5, tenant="north")) == [3, 5]
        assert store.read_log(6, 10) == store.read_log(0, 0) == store.read_log(5, 9, upto=4) == []

    @pytest.mark.parametrize("kinds", [(), ("cycle:",), ("cycle:", "person:é"), ("programme:",)])
    @pytest.mark.parametrize("parts", [(), (2,), (0, 1, 5, 6), range(PARTS)])
    def test_what_is_wanted_is_read_alone(
        self, store: Store, kinds: tuple[str, ...], parts: Sequence[int]
    ) -> None:
        for n in range(40):
            stream = f"cycle:{n}" if n % 3 else f"person:é{n} 🌻"
            store.append(command(f"c{n}", event(stream, 1), tenant="süd" if n % 2 else "north"))
        meant = [
            row.position
            for row in store.read_log(3, 35)
            if (not kinds or row.stream.startswith(kinds))
            and (not parts or part_of(row.tenant, row.stream) in parts)
        ]
        reached, found = 3, []
        while reached < 38:
            rows, upto = read_wanted(store, reached, 38, 5, Wanted(frozenset(kinds), frozenset(parts)))
            assert all(reached < row.position <= upto for row in rows)
            found += _positions(rows)
            reached = upto
        assert (found, reached) == (meant, 38)

    def test_an_empty_log_has_nothing(self, store: Store) -> None:
        assert store.head() == 0
        assert store.read_log(0, 10) == []
        assert store.position_at(NOON) == 0

    # Time

    def test_recorded_time_never_falls(self, store: Store, clock: Clock) -> None:
        store.append(command("c1", event("a", 1)))
        clock.now -= 3_600_000_000
        assert store.append(command("c2", event("a", 2))).recorded_at == NOON
        clock.now = NOON + 1
        store.append_many([command("c3", event("a", 3)), command("c4", event("a", 4))])
        assert [row.recorded_at - NOON for row in store.read_log(0, 9)] == [0, 0, 1, 1]

    def test_an_instant_has_a_last_position(self, store: Store, clock: Clock) -> None:
        instants = [3, 3, 5, 8, 8, 8, 9]
        for n, instant in enumerate(instants):
            clock.now = instant
            store.append(command(f"c{n}", event(f"s{n}", 1)))
        for instant in range(12):
            assert store.position_at(instant) == sum(at <= instant for at in instants)

    # Words

    def test_words_lie_beside_the_log_in_order(self, store: Store) -> None:
        words = tuple(
            NewWords("a", version, field, b"c" * 32, b"salt", text)
            for version, field, text in [
                (2, "statement", "We listen."),
                (1, "measure", ""),
                (1, "baseline", "é"),
            ]
        )
        store.append(command("c1", event("a", 1), event("a", 2), words=words))
        assert store.read_words(TENANT, "a") == sorted(words, key=lambda w: (w.version, w.field))

    def test_a_repeated_command_keeps_its_first_words(self, store: Store) -> None:
        store.append(command("c1", event("a", 1), words=_words("a")))
        store.append(command("c1", event("a", 1), words=_words("a")))
        assert len(store.read_words(TENANT, "a")) == 1

    @pytest.mark.parametrize("wrong", ["version", "stream", "twice"])
    def test_words_belong_to_one_field_of_an_event_of_their_slice(self, store: Store, wrong: str) -> None:
        (right,) = _words("a")
        words = {
            "version": (NewWords("a", 2, "statement", b"c", b"s", "x"),),
            "stream": (NewWords("b", 1, "statement", b"c", b"s", "x"),),
            "twice": (right, right),
        }[wrong]
        with pytest.raises(ValueError, match="words must belong"):
            store.append(command("c1", event("a", 1), words=words))

    # Waiting

    def test_waiting_for_what_is_there_ends_at_once(self, store: Store) -> None:
        store.append(command("c1", event("a", 1)))
        assert store.wait(0, timeout=60) == 1

    def test_waiting_in_vain_ends_with_the_head(self, store: Store) -> None:
        store.append(command("c1", event("a", 1)))
        assert store.wait(1, timeout=0) == 1
        assert store.wait(1, timeout=0.02) == 1

    def test_an_append_wakes_who_waits_for_it(self, store: Store) -> None:
        heads: list[int] = []
        waiting = Thread(target=lambda: heads.append(store.wait(2, timeout=60)))
        waiting.start()
        for n in (1, 2, 3):
            store.append(command(f"c{n}", event("a", n)))
        waiting.join(60)
        assert heads == [3]

    # Threads

    def test_threads_that_retry_conflicts_lose_nothing(self, store: Store) -> None:
        def count_up(who: int) -> None:
            for n in range(10):
                while True:
                    version = len(store.read_stream(TENANT, "hot"))
                    try:
                        store.append(command(f"{who}-{n}", event("hot", version + 1, f"{who}-{n}".encode())))
                        break
                    except Conflict:
                        continue

        _together(6, count_up)
        rows = store.read_stream(TENANT, "hot")
        assert [row.version for row in rows] == list(range(1, 61))
        assert {row.state.decode() for row in rows} == {f"{who}-{n}" for who in range(6) for n in range(10)}

    def test_a_conflict_never_fails_the_others(self, store: Store) -> None:
        store.append(command("c0", event("taken", 1)))
        conflicts: list[int] = []

        def append(who: int) -> None:
            for n in range(10):
                if who % 2:
                    with pytest.raises(Conflict):
                        store.append(command(f"{who}-{n}", event("taken", 1)))
                    conflicts.append(who)
                else:
                    store.append(command(f"{who}-{n}", event(f"s{who}", n + 1)))

        _together(6, append)
        assert len(conflicts) == 30
        assert store.head() == 31

    def test_of_threads_that_send_one_command_one_writes(self, store: Store) -> None:
        results: list[Appended] = []
        _together(6, lambda _: results.append(store.append(command("same", event("a", 1)))))
        assert sorted(result.repeated for result in results) == [False] + [True] * 5
        assert {(result.first, result.last) for result in results} == {(1, 1)}

    def test_a_reader_that_follows_the_log_misses_nothing(self, store: Store) -> None:
        done = Event()
        seen: list[int] = []

        def follow() -> None:
            while not done.is_set() or store.head() > len(seen):
                seen.extend(row.position for row in store.read_log(seen[-1] if seen else 0, 7))

        follower = Thread(target=follow)
        follower.start()
        _together(
            4, lambda who: [store.append(command(f"{who}-{n}", event(f"{who}-{n}", 1))) for n in range(25)]
        )
        done.set()
        follower.join(60)
        assert seen == list(range(1, 101))

    # Closing

    def test_a_store_can_be_closed_twice_and_then_says_so(self, store: Store) -> None:
        store.close()
        store.close()
        with pytest.raises(StoreUnavailable, match="closed"):
            store.append(command("c1", event("a", 1)))
        with pytest.raises(StoreUnavailable, match="closed"):
            store.head()

    def test_closing_ends_every_wait(self, store: Store) -> None:
        ended: list[BaseException] = []

        def wait() -> None:
            try:
                store.wait(0, timeout=60)
            except StoreUnavailable as error:
                ended.append(error)

        waiting = Thread(target=wait)
        waiting.start()
        store.close()
        waiting.join(60)
        assert len(ended) == 1


def _words(stream: str) -> tuple[NewWords, ...]:
    return (NewWords(stream, 1, "statement", b"c" * 32, b"salt", "More pupils speak."),)


def _positions(rows: list[StoredRow]) -> list[int]:
    return [row.position for row in rows]


def _together(threads: int, work: Callable[[int], object]) -> None:
    """Run `work(0)`, `work(1)`, … in threads that start at the same time; raise what any of them raised."""
    start = Barrier(threads)
    errors: list[BaseException] = []

    def run(who: int) -> None:
        start.wait()
        try:
            work(who)
        except BaseException as error:
            errors.append(error)

    running = [Thread(target=run, args=(who,)) for who in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if errors:
        raise errors[0]

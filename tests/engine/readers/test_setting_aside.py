"""What one read model cannot take: its stream waits as a dead letter, and the others go on."""

from __future__ import annotations

import sqlite3

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import InvalidInput, NotFound, StoreUnavailable
from mentorcycle.domain.events import PersonAdded, PersonReturned
from mentorcycle.domain.recorded import Recorded
from mentorcycle.engine.audit import verify_all
from mentorcycle.engine.codec import encode
from mentorcycle.engine.readers import DeadLetter, Readers, mending
from mentorcycle.engine.stores.port import NewEvent, Slice
from mentorcycle.projections import PEOPLE, TRAIL, ReadModel

from .conftest import NOW


def test_an_event_that_cannot_be_taken_sets_its_stream_aside_and_the_others_go_on(story, seen, rows):
    seen.poison = {"bo"}
    story.names("ada", "bo", "cy")
    story.tell("person:bo", PersonReturned())
    story.names("di")
    readers = Readers(story.store, models=[seen.model(), PEOPLE])
    assert rows(readers) == [(1, "ada"), (3, "cy"), (5, "di")]
    (letter,) = readers.dead_letters()
    assert (letter.model, letter.stream, letter.position, letter.error) == (
        "seen",
        "person:bo",
        2,
        "ValueError",
    )
    with readers.view() as view:
        assert view.people.count("default") == 4


def test_around_an_event_that_cannot_be_taken_all_others_are_taken_in_order(story, seen, rows):
    seen.poison = {"n3", "n8"}
    story.names(*(f"n{n}" for n in range(12)))
    taken = rows(Readers(story.store, models=[seen.model()]), "rowid")
    assert taken == [(n + 1, f"n{n}") for n in range(12) if n not in (3, 8)]


def test_later_events_of_a_stream_that_is_set_aside_wait_too(story, seen, rows):
    seen.poison = {"bo"}
    readers = Readers(story.store, models=[seen.model()])
    story.names("ada", "bo")
    readers.catch_up()
    seen.poison = set()
    story.tell("person:bo", PersonReturned())
    story.names("cy")
    assert rows(readers) == [(1, "ada"), (4, "cy")]
    (letter,) = readers.dead_letters()
    found = readers.inspect(letter)
    assert (found.topic, found.version, found.waiting) == ("PersonAdded.1", 1, 2)
    assert readers.status()[0].dead_letters == 1


def test_a_dead_letter_outlives_its_event(filed, seen):
    seen.poison = {"cy"}
    readers = Readers(filed.store, models=[seen.model()])
    filed.names("ada", "bo", "cy")
    readers.catch_up()
    (letter,) = readers.dead_letters()
    with filed.store.writer() as connection:
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("DELETE FROM events WHERE position = 3")
    assert readers.dead_letters() == [letter]
    assert readers.inspect(letter) == (letter, None, None, 0)


def test_after_the_mend_a_retry_takes_what_waited(story, seen, rows):
    seen.poison = {"bo"}
    readers = Readers(story.store, models=[seen.model()])
    story.names("ada", "bo", "cy")
    story.tell("person:bo", PersonReturned())
    readers.catch_up()
    seen.poison = set()
    story.tell("person:bo", PersonReturned())
    assert readers.retry(readers.dead_letters()[0]) is None
    assert rows(readers) == [(1, "ada"), (2, "bo"), (3, "cy"), (4, "bo"), (5, "bo")]
    assert readers.dead_letters() == []
    assert readers.compare("seen").equal


def test_a_retry_that_fails_again_leaves_the_letter_and_what_others_wrote(story, seen, rows):
    seen.poison = {"bo"}
    readers = Readers(story.store, models=[seen.model()])
    story.names("ada", "bo", "cy")
    readers.catch_up()
    (letter,) = readers.dead_letters()
    left = readers.retry(letter)
    assert left is not None
    assert left[:5] == letter[:5]
    assert rows(readers) == [(1, "ada"), (3, "cy")]


def test_a_discarded_event_is_left_out_for_good_and_the_stream_goes_on(story, seen, rows):
    seen.poison = {"bo"}
    readers = Readers(story.store, models=[seen.model()])
    story.names("ada", "bo")
    readers.catch_up()
    seen.poison = set()
    story.tell("person:bo", PersonReturned())
    assert readers.discard(readers.dead_letters()[0]) is None
    assert rows(readers) == [(1, "ada"), (3, "bo")]
    assert readers.rebuild("seen").equal
    assert readers.compare("seen").equal
    assert rows(readers) == [(1, "ada"), (3, "bo")]


def test_an_event_that_is_left_out_is_named_by_the_audit(story, seen, rows):
    """Whether it was discarded, or somebody who can write the tables says so, under a stream that it is not of."""
    story.names("ada", "bo", "cy")
    readers = Readers(story.store, models=[seen.model()])
    readers.catch_up()
    readers.discard(DeadLetter("seen", "default", "person:cy", 3, "ValueError", NOW))
    row = ("seen", 2, "default", "person:nobody", "ValueError", 0)
    readers.write(lambda connection: connection.execute(mending.DISCARD, row))
    readers.rebuild("seen")
    assert rows(readers) == [(1, "ada")]
    assert readers.compare("seen").equal
    report = verify_all(readers)
    assert [(one.position, one.what) for one in report.of("events left out")] == [
        (2, "seen leaves it out, of person:bo (ValueError)"),
        (3, "seen leaves it out, of person:cy (ValueError)"),
    ]
    assert [(one.model, one.stream, one.position) for one in report.left_out] == [
        ("seen", "person:bo", 2),
        ("seen", "person:cy", 3),
    ]


@pytest.mark.parametrize(
    ("topic", "state"),
    [("Unheard.1", b"\x90"), ("PersonAdded.99", b"\x90"), ("PersonAdded.1", b"\xc1\xff")],
)
def test_an_event_that_cannot_be_decoded_sets_its_stream_aside_wherever_it_is_read(story, topic, state):
    story.names("ada")
    story.append("person:bo", 1, topic, state)
    story.names("cy")
    readers = Readers(story.store)
    with readers.view() as view:
        assert [row.name for row in view.people.page("default")] == ["ada", "cy"]
        assert [row.position for row in view.trail.page("default")] == [3, 1]
    assert {(letter.model, letter.position, letter.error) for letter in readers.dead_letters()} == {
        (model, 2, "HistoryUnreadable") for model in ("people", "trail")
    }


def test_a_dead_letter_holds_neither_payload_nor_words_of_the_error(filed, seen):
    seen.poison = {"secret-name"}
    filed.names("secret-name")
    Readers(filed.store, models=[seen.model()]).catch_up()
    with filed.store.reader() as connection:
        row = connection.execute("SELECT model, position, error FROM dead_letters").fetchone()
    assert row == ("seen", 1, "ValueError")


def test_a_read_model_that_can_take_nothing_has_failed_and_the_others_go_on(story, seen, rows):
    seen.broken = True
    story.names(*(f"n{n}" for n in range(60)))
    readers = Readers(story.store, models=[seen.model(), PEOPLE])
    with readers.view() as view:
        assert view.people.count("default") == 60
        with pytest.raises(StoreUnavailable, match="seen has failed"):
            view.serving("seen")
    status = {status.name: status for status in readers.status()}
    assert (status["seen"].state, status["seen"].error, status["seen"].position) == (
        "failed",
        "ValueError",
        0,
    )
    assert status["people"].state == "active"
    seen.broken = False
    assert readers.rebuild("seen").equal is None
    assert len(rows(readers)) == 60


def test_many_streams_are_set_aside_as_long_as_most_can_be_taken(story, seen, rows):
    seen.poison = {f"n{n}" for n in range(60)}
    story.names(*(f"n{n}" for n in range(130)))
    readers = Readers(story.store, models=[seen.model()])
    assert len(rows(readers)) == 70
    assert len(readers.dead_letters()) == 60


def test_a_rule_broken_in_a_fold_is_a_matter_of_its_event(story, seen, rows):
    """Errors of ours raised by a fold are no errors of the store."""

    def strict(connection, g, events):
        if any(r.stream == "person:bo" for r in events):
            raise InvalidInput("a weekend of seven days")
        seen.model().apply(connection, g, events)

    story.names("ada", "bo", "cy")
    readers = Readers(story.store, models=[ReadModel("seen", 1, seen.model().tables, strict)])
    assert rows(readers) == [(1, "ada"), (3, "cy")]
    assert [letter.error for letter in readers.dead_letters()] == ["InvalidInput"]


def test_a_read_model_whose_tables_are_gone_has_failed_until_it_is_rebuilt(filed):
    filed.names("ada")
    readers = Readers(filed.store, models=[PEOPLE, TRAIL])
    readers.catch_up()
    with filed.store.writer() as connection:
        connection.execute("DROP TABLE trail_event_1")
    filed.names("bo")
    with readers.view() as view:
        assert view.people.count("default") == 2
        with pytest.raises(StoreUnavailable, match="db rebuild trail"):
            view.trail.page("default")
    readers.rebuild("trail")
    with readers.view() as view:
        assert [row.position for row in view.trail.page("default")] == [2, 1]


def test_what_cannot_be_taken_together_is_no_reason_to_set_aside_what_can_be_taken_alone(story, seen):
    """A fold that fails on a whole batch only (say, too many variables) is asked for its halves."""
    apply = seen.model().apply

    def narrow(connection: sqlite3.Connection, g: int, events):
        if len(events) > 3:
            raise MemoryError
        apply(connection, g, events)

    model = seen.model()
    story.names(*(f"n{n}" for n in range(20)))
    readers = Readers(story.store, models=[ReadModel(model.name, 1, model.tables, narrow)])
    readers.catch_up()
    assert readers.dead_letters() == []
    assert sum(seen.batches) == 20


def test_a_read_model_that_does_not_exist_is_not_found(story):
    with pytest.raises(NotFound):
        Readers(story.store).rebuild("nothing")


def test_in_a_large_batch_only_the_streams_that_cannot_be_taken_are_set_aside(story, seen, rows):
    seen.poison = {"n700", "n1203"}
    names = [f"n{n}" for n in range(1300)]
    slices = [
        Slice("default", name, b"", {}, [NewEvent(f"person:{name}", 1, "PersonAdded.1", state(name))])
        for name in names
    ]
    story.store.append_many(slices)
    readers = Readers(story.store, models=[seen.model(), PEOPLE], batch=1300)
    readers.catch_up()
    assert [status.lag_events for status in readers.status()] == [0, 0]
    assert [name for _, name in rows(readers)] == [name for name in names if name not in seen.poison]
    assert [letter.position for letter in readers.dead_letters()] == [701, 1204]
    with readers.view() as view:
        assert view.people.count("default") == 1300


def state(name: str) -> bytes:
    fact = Recorded(
        1,
        "default",
        f"person:{name}",
        1,
        NOW,
        NOW,
        Actor.coordinator(),
        name,
        None,
        None,
        None,
        PersonAdded(name=name),
    )
    return encode(fact)

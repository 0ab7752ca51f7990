"""A subscriber gets every event once, in order, as it is appended, and goes on where it stopped."""

from __future__ import annotations

import sqlite3
from threading import Thread
from time import monotonic

import pytest

from mentorcycle.domain.errors import HistoryUnreadable, StoreUnavailable


def collected(subscription, into):
    """Collects in a thread until the subscription is stopped."""
    thread = Thread(target=lambda: into.extend(subscription))
    thread.start()
    return thread


def wait_for(condition):
    until = monotonic() + 30
    while not condition():
        assert monotonic() < until
    return True


def test_a_subscriber_gets_every_event_in_order_while_two_write(story, begin):
    other = begin(story.engine, " two")
    events = []
    with story.engine.subscribe() as subscription:
        reader = collected(subscription, events)
        writers = [Thread(target=lambda s=s: [s.contact() for _ in range(100)]) for s in (story, other)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        head = story.engine.store.head()
        wait_for(lambda: len(events) >= head)
    reader.join()
    assert [recorded.position for recorded in events] == list(range(1, head + 1))
    assert subscription.position == head


def test_a_subscriber_gets_what_another_engine_writes(on_file, open_engine):
    other, events = open_engine(), []
    with other.subscribe(on_file.engine.store.head()) as subscription:
        reader = collected(subscription, events)
        receipts = [on_file.contact() for _ in range(5)]
        wait_for(lambda: len(events) == 5)
    reader.join()
    assert [recorded.position for recorded in events] == [receipt.first for receipt in receipts]
    assert events == [receipt.events[0] for receipt in receipts]


def test_a_subscriber_goes_on_after_a_position(story):
    story.to("observe")
    first = story.engine.subscribe()
    some = [next(first) for _ in range(6)]
    again = story.engine.subscribe(after=first.position)
    rest = [next(again) for _ in range(story.engine.store.head() - 6)]
    assert [r.position for r in (*some, *rest)] == list(range(1, story.engine.store.head() + 1))


def test_stopping_ends_the_waiting_and_what_is_not_yet_handed_out_stays(story):
    story.to("observe")
    subscription = story.engine.subscribe()
    taken = []
    for recorded in subscription:
        taken.append(recorded.position)
        if len(taken) == 3:
            subscription.stop()
    assert taken == [1, 2, 3]
    assert subscription.position == 3
    assert list(subscription) == []


def test_stopping_wakes_one_who_waits(story):
    events = []
    subscription = story.engine.subscribe(story.engine.store.head())
    reader = collected(subscription, events)
    subscription.stop()
    reader.join(timeout=30)
    assert not reader.is_alive()
    assert events == []


def test_closing_the_engine_ends_the_waiting_with_an_error(story):
    subscription, errors = story.engine.subscribe(story.engine.store.head()), []

    def listen():
        try:
            next(subscription)
        except StoreUnavailable as error:
            errors.append(error)

    reader = Thread(target=listen)
    reader.start()
    story.engine.close()
    reader.join(timeout=30)
    assert len(errors) == 1


def test_an_event_that_cannot_be_read_comes_after_all_before_it(on_file, file):
    receipts = [on_file.contact() for _ in range(3)]
    with sqlite3.connect(file.removeprefix("sqlite:///")) as database:
        database.execute("DROP TRIGGER events_are_never_updated")
        database.execute("UPDATE events SET state = x'00' WHERE position = ?", (receipts[1].first,))
    database.close()
    subscription = on_file.engine.subscribe(receipts[0].first - 1)
    assert next(subscription) == receipts[0].events[0]
    for _ in range(2):
        with pytest.raises(HistoryUnreadable, match=f"event {receipts[1].first} "):
            next(subscription)
    after = on_file.engine.subscribe(receipts[1].first)
    assert next(after) == receipts[2].events[0]


def test_a_subscriber_sees_no_words(story):
    story.to("observe")
    with story.engine.subscribe() as subscription:
        events = [next(subscription).event for _ in range(story.engine.store.head())]
    statement = next(event.statement for event in events if event.event_name == "GoalSet")
    assert statement.text is None
    assert len(statement.commitment) == 32

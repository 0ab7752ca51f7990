"""Many commands at once: one batch id, one commit a slice, and a result for every command in its place."""

from __future__ import annotations

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.errors import InvalidInput, NotFound
from mentorcycle.domain.events import Participant
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import CancelReason, PauseReason
from mentorcycle.engine import Batch, Engine, Failed, Receipt, Settings
from mentorcycle.engine.audit import verify


def kinds(batch):
    return [type(result) for result in batch.results]


def test_every_event_carries_the_batch_id_and_the_order_is_kept(story):
    batch = story.engine.execute_many([c.LogContact(story.cycle, n) for n in (1, 2, 3)], story.bo)
    assert {receipt.events[0].batch for receipt in batch.receipts} == {batch.id}
    assert [contact.minutes for contact in story.state.contacts] == [1, 2, 3]
    assert [receipt.first for receipt in batch.receipts] == sorted(r.first for r in batch.receipts)


def test_a_batch_can_be_named_and_the_name_finds_its_events(story):
    batch = story.engine.execute_many([c.LogContact(story.cycle, 5)], story.bo, batch="b-spring")
    assert batch.id == "b-spring"
    assert story.engine.history(story.cycle, story.bo)[-1].batch == "b-spring"


@pytest.mark.parametrize(("slice_size", "commits"), [(1, 7), (3, 3), (7, 1), (1000, 1)])
def test_a_slice_is_one_commit(story, slice_size, commits):
    before = story.engine.store.commits
    contacts = [c.LogContact(story.cycle, minutes) for minutes in range(1, 8)]
    story.engine.execute_many(contacts, story.bo, slice_size=slice_size)
    assert story.engine.store.commits - before == commits
    assert len(story.state.contacts) == 7


def test_a_batch_without_commands_commits_nothing(story):
    before = story.engine.store.commits
    assert story.engine.execute_many([], story.bo, batch="b-1") == Batch("b-1", ())
    assert story.engine.execute_many([c.Advance(story.cycle)], story.ada).refused
    assert story.engine.store.commits == before


def test_later_commands_see_earlier_ones(story):
    story.to("observe")
    back = [
        c.UndoAdvance(story.cycle),
        c.Advance(story.cycle),
        c.Pause(story.cycle, PauseReason.LEAVE),
        c.LogContact(story.cycle, 30),
        c.Resume(story.cycle),
        c.LogContact(story.cycle, 40),
    ]
    batch = story.engine.execute_many(back, story.coordinator)
    assert kinds(batch) == [Receipt, Receipt, Receipt, Refused, Receipt, Receipt]
    assert batch.refused[0].refusals[0].code == "cycle-paused"
    assert [contact.minutes for contact in story.state.contacts] == [40]


def test_people_pairs_and_cycles_come_to_be_in_one_batch(engine, story):
    pair = (Participant("p-new", mentee=True), Participant(story.cy.id, mentor=True))
    commands = [
        c.AddPerson("New", "p-new"),
        c.PublishPairing(pair),
        c.OpenCycle("p-new"),
        c.OpenCycle("p-new"),
    ]
    before = engine.store.commits
    batch = engine.execute_many(commands, story.coordinator)
    assert [len(result.events) for result in batch.results] == [1, 2, 1, 0]
    assert batch.results[2].subject == batch.results[3].subject
    assert engine.cycle(batch.results[2].subject, story.cy).stage == "goal-set"
    assert engine.store.commits - before == 1


def test_what_is_refused_or_fails_keeps_nobody_back(story):
    commands = [
        c.LogContact(story.cycle, 10),
        c.LogContact(story.cycle, -10),
        c.LogContact("c-nowhere", 10),
        c.LogContact(story.cycle, "ten"),
        c.LogContact(story.cycle, 20),
    ]
    batch = story.engine.execute_many(commands, story.bo)
    assert kinds(batch) == [Receipt, Refused, Failed, Failed, Receipt]
    assert isinstance(batch.results[2].error, NotFound)
    assert isinstance(batch.results[3].error, InvalidInput)
    assert [contact.minutes for contact in story.state.contacts] == [10, 20]
    with pytest.raises(NotFound):
        batch.results[2].or_raise()


def test_command_ids_are_as_many_as_commands(story):
    with pytest.raises(InvalidInput, match="1 command ids were given for 2 commands"):
        story.engine.execute_many([c.LogContact(story.cycle, 1)] * 2, story.bo, command_ids=["a"])


@pytest.mark.parametrize("size", [0, -1])
def test_a_slice_holds_at_least_one_command(story, size):
    with pytest.raises(InvalidInput):
        story.engine.execute_many([c.LogContact(story.cycle, 1)], story.bo, slice_size=size)
    assert not story.state.contacts


def test_a_batch_that_is_overtaken_is_decided_again_in_its_order(on_file, slow_engine):
    slow = slow_engine(on_file.contact)
    batch = slow.execute_many([c.LogContact(on_file.cycle, minutes) for minutes in (1, 2, 3)], on_file.bo)
    assert kinds(batch) == [Receipt] * 3
    assert [contact.minutes for contact in on_file.state.contacts] == [30, 1, 2, 3]
    assert len({contact.id for contact in on_file.state.contacts}) == 4
    assert verify(slow.store).holds


def test_what_was_decided_on_a_state_that_did_not_come_to_be_is_not_taken(on_file, slow_engine):
    """The version fits by chance: the pause of another stands where the first contact should have stood."""
    pause = c.Pause(on_file.cycle, PauseReason.LEAVE)
    slow = slow_engine(lambda: on_file.engine.execute(pause, on_file.coordinator))
    batch = slow.execute_many([c.LogContact(on_file.cycle, minutes) for minutes in (1, 2)], on_file.bo)
    assert kinds(batch) == [Refused, Refused]
    assert not on_file.state.contacts


def test_a_refusal_that_rests_on_what_did_not_come_to_be_is_decided_again(on_file, slow_engine):
    """Not refused for a pause that another's cancelling forestalled."""
    cancel = c.Cancel(on_file.cycle, CancelReason.WITHDREW)
    slow = slow_engine(lambda: on_file.engine.execute(cancel, on_file.coordinator))
    commands = [c.Pause(on_file.cycle, PauseReason.LEAVE), c.LogContact(on_file.cycle, 5)]
    batch = slow.execute_many(commands, on_file.coordinator)
    assert [result.refusals[0].code for result in batch.refused] == ["cycle-cancelled"] * 2


def test_only_what_was_overtaken_is_decided_again(on_file, slow_engine, begin):
    other = begin(on_file.engine, " two")
    slow = slow_engine(on_file.contact)
    commands = [c.LogContact(story.cycle, 7) for story in (on_file, other)]
    batch = slow.execute_many(commands, on_file.coordinator)
    assert kinds(batch) == [Receipt, Receipt]
    assert batch.results[0].first > batch.results[1].first
    assert [contact.minutes for contact in on_file.state.contacts] == [30, 7]


def test_a_command_sent_meanwhile_is_taken_once_and_its_followers_are_decided_again(on_file, slow_engine):
    contacts = [c.LogContact(on_file.cycle, minutes) for minutes in (1, 2)]
    engine = on_file.engine
    slow = slow_engine(lambda: engine.execute(contacts[0], on_file.bo, command_id="a"))
    batch = slow.execute_many(contacts, on_file.bo, command_ids=["a", "b"])
    assert [receipt.repeated for receipt in batch.receipts] == [True, False]
    assert [contact.minutes for contact in on_file.state.contacts] == [1, 2]
    assert [contact.id for contact in on_file.state.contacts] == ["k1", "k2"]


def test_a_kept_state_that_is_stale_refuses_nothing(on_file, open_engine):
    """The engine has kept a paused cycle; another one has resumed it. And the other way round."""
    co = on_file.coordinator
    other = open_engine()
    contact = [c.LogContact(on_file.cycle, 10)]
    on_file.engine.execute(c.Pause(on_file.cycle, PauseReason.LEAVE), co).or_raise()
    other.execute(c.Resume(on_file.cycle), co).or_raise()
    assert kinds(on_file.engine.execute_many(contact, co)) == [Receipt]
    other.execute(c.Pause(on_file.cycle, PauseReason.LEAVE), co).or_raise()
    assert kinds(on_file.engine.execute_many(contact, co)) == [Refused]
    assert kinds(on_file.engine.execute_many(contact, co, dry_run=True)) == [Refused]
    other.execute(c.Resume(on_file.cycle), co).or_raise()
    assert kinds(on_file.engine.execute_many(contact, co, dry_run=True)) == [Receipt]


def test_a_programme_changed_by_another_engine_counts_at_once(on_file, open_engine):
    co = on_file.coordinator
    other = open_engine()
    on_file.engine.execute_many([c.LogContact(on_file.cycle, 10)], co)
    source = shipped().source.replace("version = 1 ", "version = 2 ", 1)
    other.execute(c.PublishDefinition(source), co).or_raise()
    pair = (Participant(on_file.cy.id, mentee=True), Participant(on_file.di.id, mentor=True))
    batch = on_file.engine.execute_many(
        [c.PublishPairing(pair), c.OpenCycle(on_file.cy.id, "peer-cycle@2")], co
    )
    assert kinds(batch) == [Receipt, Receipt]
    assert batch.receipts[1].events[0].event.definition_version == 2


def test_a_cycle_never_pins_a_definition_that_did_not_come_to_be(on_file, slow_engine):
    """Both publish a version 2 with other texts; the cycle opened in the slower batch pins the one there is."""
    co = on_file.coordinator
    ours = shipped().source.replace("version = 1 ", "version = 2 ", 1)
    theirs = ours.replace("mentor_capacity = 3", "mentor_capacity = 4")
    pair = (Participant(on_file.cy.id, mentee=True), Participant(on_file.di.id, mentor=True))
    on_file.engine.execute(c.PublishPairing(pair), co).or_raise()
    slow = slow_engine(lambda: on_file.engine.execute(c.PublishDefinition(theirs), co).or_raise())
    batch = slow.execute_many([c.PublishDefinition(ours), c.OpenCycle(on_file.cy.id, "peer-cycle@2")], co)
    assert kinds(batch) == [Refused, Receipt]
    assert slow.definition(batch.receipts[0].subject, on_file.coordinator).mentor_capacity == 4
    assert verify(slow.store).holds


def outcome(result):
    """What a result says beside positions and random ids."""
    if isinstance(result, Receipt):
        return [(recorded.event.event_name, recorded.version) for recorded in result.events]
    return result if isinstance(result, Refused) else str(result.error)


def test_a_dry_run_writes_nothing_and_comes_to_the_same(story):
    story.to("observe")
    commands = [
        c.LogContact(story.cycle, 10),
        c.UndoAdvance(story.cycle),
        c.Advance(story.cycle),
        c.LogContact(story.cycle, -10),
        c.LogContact("c-nowhere", 10),
        c.LogContact(story.cycle, "ten"),
        c.Advance(story.cycle),
        c.LogContact(story.cycle, 20),
    ]
    for slice_size in (1, 3, 100):
        head, commits = story.engine.store.head(), story.engine.store.commits
        dry = story.engine.execute_many(commands, story.coordinator, dry_run=True, slice_size=slice_size)
        assert (story.engine.store.head(), story.engine.store.commits) == (head, commits)
        real = story.engine.execute_many(commands, story.coordinator, slice_size=slice_size)
        assert [outcome(result) for result in dry.results] == [outcome(result) for result in real.results]


def test_the_receipt_of_a_dry_run_has_no_positions(story):
    receipt = story.engine.execute(c.LogContact(story.cycle, 10), story.bo, dry_run=True).or_raise()
    many = story.engine.execute_many([c.LogContact(story.cycle, 10)] * 2, story.bo, dry_run=True)
    for dry in (receipt, *many.receipts):
        assert (dry.first, dry.last, [r.position for r in dry.events]) == (0, -1, [0])


def test_after_a_dry_run_the_engine_decides_on_what_is(story):
    story.engine.execute_many([c.Pause(story.cycle, PauseReason.LEAVE)], story.coordinator, dry_run=True)
    assert story.contact().events


def test_more_streams_than_are_kept_are_decided_as_well(clock, file, begin):
    with Engine.open(file, settings=Settings(clock=clock, cached_streams=3)) as engine:
        stories = [begin(engine, f" {n}") for n in range(4)]
        batch = engine.execute_many(
            [c.LogContact(story.cycle, 9) for story in stories * 3], stories[0].coordinator
        )
        assert kinds(batch) == [Receipt] * 12
        assert [len(story.state.contacts) for story in stories] == [3] * 4


def test_every_event_of_a_cycle_names_the_definition_it_was_recorded_under(story):
    co = story.coordinator
    source = shipped().source.replace("version = 1 ", "version = 2 ", 1)
    pair = (Participant(story.cy.id, mentee=True), Participant(story.di.id, mentor=True))
    batch = story.engine.execute_many(
        [c.PublishDefinition(source), c.PublishPairing(pair), c.OpenCycle(story.cy.id, "peer-cycle@2")], co
    )
    cycle = batch.receipts[-1].subject
    story.engine.execute(c.LogContact(cycle, 10), story.di).or_raise()
    story.contact()
    assert {r.definition_version for r in story.engine.history(cycle, co)} == {2}
    assert {r.definition_version for r in story.engine.history(story.cycle, co)} == {1}
    assert {r.definition_version for r in story.engine.history(story.cy.id, co)} == {None}
    assert {r.definition_version for r in story.engine.history("main", co)} == {None}

"""The audit names what somebody with the file in their hands has done to it, and proves an honest log clean."""

from __future__ import annotations

import shutil
import sqlite3
import traceback
from contextlib import suppress
from dataclasses import replace

import msgpack
import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.errors import MentorcycleError, StoreUnavailable
from mentorcycle.domain.vocabulary import CancelReason, CorrectionReason, PauseReason
from mentorcycle.engine import Engine
from mentorcycle.engine.audit import Verification, verify
from mentorcycle.engine.audit_states import RecentStates
from mentorcycle.engine.audit_words import WordsChecker
from mentorcycle.engine.codec import decode, encode
from mentorcycle.engine.states import refolded
from mentorcycle.engine.stores.port import tail
from mentorcycle.engine.vault import commitments_of


@pytest.fixture
def lived(on_file):
    """A cycle from opening to celebrate, paused once in between, and a contact corrected."""
    on_file.to("debrief")
    on_file.engine.execute(c.Pause(on_file.cycle, PauseReason.LEAVE), on_file.coordinator).or_raise()
    on_file.clock.move(days=1)
    on_file.engine.execute(c.Resume(on_file.cycle), on_file.coordinator).or_raise()
    on_file.contact(300)
    wrong = c.Correct(on_file.cycle, on_file.state.version, CorrectionReason.TYPING_ERROR, {"minutes": 30})
    on_file.engine.execute(wrong, on_file.bo).or_raise()
    return on_file.to("celebrate")


class Copy:
    """A copy of the file without its triggers: what an attacker works on."""

    def __init__(self, source, path):
        shutil.copy(source, path)
        for suffix in ("-wal", "-shm"):
            if source.with_name(source.name + suffix).exists():
                shutil.copy(source.with_name(source.name + suffix), path.with_name(path.name + suffix))
        self.path = path
        self.database = sqlite3.connect(path, isolation_level=None)
        for (name,) in self.run("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            self.run(f"DROP TRIGGER {name}")

    def run(self, statement, *values):
        return self.database.execute(statement, values).fetchall()

    def position(self, name, nth=0):
        return self.run("SELECT position FROM events WHERE topic = ? ORDER BY position", f"{name}.1")[nth][0]

    def alter(self, position, **changes):
        """Give the event at a position other fields, and bytes that look as if it had always had them."""
        (state,) = self.run("SELECT state FROM events WHERE position = ?", position)[0]
        *envelope, payload = msgpack.unpackb(state)
        altered = msgpack.packb([*envelope, payload | changes])
        self.run("UPDATE events SET state = ? WHERE position = ?", altered, position)

    def report(self):
        self.database.close()
        with Engine.open(f"sqlite:///{self.path}", read_only=True) as engine:
            return verify(engine.store)


@pytest.fixture
def copy(lived, tmp_path):
    copy = Copy(tmp_path / "north.db", tmp_path / "copy.db")
    yield copy
    copy.database.close()


def test_an_honest_log_holds(lived):
    told = []
    report = verify(lived.engine.store, progress=lambda done, of: told.append((done, of)))
    head = lived.engine.store.head()
    assert report.holds
    assert (report.events, report.head, report.cycles) == (head, head, 1)
    assert report.words == 8
    assert told[-1] == (head, head)


def test_what_is_not_proved_is_said(lived):
    assert any("outside checkpoint" in what for what in verify(lived.engine.store).not_proved)


def test_that_an_event_which_could_have_been_recorded_so_is_not_told_from_one_that_was_is_said(copy):
    copy.alter(copy.position("ContactLogged"), minutes=301)
    report = copy.report()
    assert report.holds
    assert any("altered or added" in what for what in report.not_proved)


def test_an_honest_copy_holds(copy):
    assert copy.report().holds


def test_memory_is_proved_as_well(story):
    story.to("celebrate")
    assert verify(story.engine.store).holds


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("CycleAdvanced", {"target": "celebrate"}, "has no move from goal-set to celebrate"),
        ("CycleAdvanced", {"source": "observe"}, "leaves observe while it is active in goal-set"),
        ("CycleOpened", {"stage": "reflect"}, "opens in reflect, not goal-set"),
        ("CycleOpened", {"definition_digest": "0" * 64}, "was not published before"),
        ("DefinitionPublished", {"digest": "0" * 64}, "does not have its digest"),
        ("DefinitionPublished", {"source": "name = 'broken'"}, "definition"),
        ("CycleResumed", {"unknown": 1}, "do not have the form of CycleResumed.1"),
        ("GoalSet", {"area": "gardening"}, "do not have the form of GoalSet.1"),
        ("GoalSet", {"statement": b"x" * 32}, "is not the one that the log committed to"),
        ("DebriefHeld", {"strengths": []}, "is not the one that the log committed to"),
    ],
)
def test_an_altered_payload_is_named(copy, name, changes, says):
    position = copy.position(name)
    copy.alter(position, **changes)
    report = copy.report()
    assert not report.holds
    assert any(says in finding.what for finding in report.findings)
    assert any(finding.position in (0, position) or says in finding.what for finding in report.findings)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ("CyclePaused", "is resumed while active"),
        ("CycleResumed", "is recorded while it is paused"),
        ("CycleAdvanced", "leaves observe while it is active in goal-set"),
    ],
)
def test_an_event_deleted_in_the_middle_is_named_thrice(copy, event, says):
    """Its position, its place in the stream, and what no longer fits."""
    position = copy.position(event)
    copy.run("DELETE FROM events WHERE position = ?", position)
    report = copy.report()
    assert report.of("positions")[0].what == f"after position {position - 1} comes {position + 1}"
    assert len(report.of("streams")) == 1
    assert any(says in finding.what for finding in report.of("moves"))


def test_a_deletion_that_is_closed_up_is_named_by_its_stream(copy):
    """Positions are numbered anew, as after a careless dump; versions tell."""
    position = copy.position("ObservationCompleted")
    copy.run("DELETE FROM events WHERE position = ?", position)
    copy.run("UPDATE events SET position = -position WHERE position > ?", position)
    copy.run("UPDATE events SET position = -position - 1 WHERE position < 0")
    report = copy.report()
    assert not report.of("positions")
    assert len(report.of("streams")) == 1


def test_a_whole_deletion_closed_up_in_both_orders_is_named_by_what_no_longer_fits(copy):
    position = copy.position("CycleAdvanced", 1)
    stream, version = copy.run("SELECT stream, version FROM events WHERE position = ?", position)[0]
    copy.run("DELETE FROM events WHERE position = ?", position)
    for column, limit, where in (("position", position, "1"), ("version", version, f"stream = '{stream}'")):
        copy.run(f"UPDATE events SET {column} = -{column} WHERE {column} > ? AND {where}", limit)
        copy.run(f"UPDATE events SET {column} = -{column} - 1 WHERE {column} < 0")
    report = copy.report()
    assert not report.of("positions")
    assert not report.of("streams")
    assert any("leaves debrief while it is active in observe" in f.what for f in report.of("moves"))
    assert report.of("words")


def test_two_swapped_events_are_named(copy):
    """Each takes the other's place in the log and in its stream."""
    one, other = copy.position("CycleAdvanced", 0), copy.position("CycleAdvanced", 1)
    states = dict(copy.run("SELECT position, state FROM events WHERE position IN (?, ?)", one, other))
    for place, state in ((one, states[other]), (other, states[one])):
        copy.run("UPDATE events SET state = ? WHERE position = ?", state, place)
    assert len(copy.report().of("moves")) >= 2


def test_two_events_with_swapped_positions_are_named(copy):
    one, other = copy.position("GoalAgreed", 0), copy.position("GoalAgreed", 1)
    for old, new in ((one, -1), (other, one), (-1, other)):
        copy.run("UPDATE events SET position = ? WHERE position = ?", new, old)
    report = copy.report()
    assert report.of("streams")


def test_a_back_dated_instant_of_recording_is_named(copy):
    position = copy.position("CycleAdvanced", 1)
    copy.run("UPDATE events SET recorded_at = recorded_at - 86400000000 * 30 WHERE position = ?", position)
    assert [finding.position for finding in copy.report().of("times")] == [position]


def test_a_removed_definition_is_named(copy):
    copy.run("DELETE FROM events WHERE topic = 'DefinitionPublished.1'")
    report = copy.report()
    assert report.of("definitions")[0].what.endswith("was not published before")


def test_a_definition_that_was_loosened_is_named(copy):
    source = shipped().source.replace("baseline-present = {}\n", "")
    copy.alter(copy.position("DefinitionPublished"), source=source)
    assert "does not have its digest" in copy.report().of("definitions")[0].what


def test_an_event_under_another_version_than_its_cycle_pins_is_named(copy):
    position = copy.position("ContactLogged")
    (state,) = copy.run("SELECT state FROM events WHERE position = ?", position)[0]
    *envelope, _version, payload = msgpack.unpackb(state)
    copy.run(
        "UPDATE events SET state = ? WHERE position = ?", msgpack.packb([*envelope, 2, payload]), position
    )
    (finding,) = copy.report().of("definitions")
    assert (finding.position, "under version 2" in finding.what) == (position, True)


def test_replaced_words_are_named(copy):
    copy.run("UPDATE words SET text = 'Fewer speak' WHERE field = 'statement'")
    (finding,) = copy.report().of("words")
    assert "statement: the text is not the one that the log committed to" in finding.what
    assert "Fewer speak" not in finding.what


@pytest.mark.parametrize(
    "damage",
    ["text = CAST(x'46657765ff72' AS TEXT)", "text = x'46657765ff72'", "salt = 'salt'", "salt = NULL"],
)
def test_words_whose_bytes_are_damaged_are_named_and_not_told(copy, damage):
    copy.run("CREATE TABLE loose AS SELECT * FROM words")
    copy.run("DROP TABLE words")
    copy.run("ALTER TABLE loose RENAME TO words")
    copy.run(f"UPDATE words SET {damage} WHERE field = 'statement'")
    (finding,) = copy.report().of("words")
    assert "statement: the text is not the one that the log committed to" in finding.what
    assert "Fewe" not in str(copy.report())


def test_a_damaged_text_is_in_no_error(copy):
    """SQLite's own error quotes what it cannot decode; it is nobody's cause."""
    copy.run("UPDATE words SET field = CAST(x'4d61726bff' AS TEXT) WHERE field = 'statement'")
    with pytest.raises(StoreUnavailable, match="not UTF-8") as caught:
        copy.report()
    assert "Mark" not in "".join(traceback.format_exception(caught.value))


def test_words_moved_to_another_field_are_named(copy):
    """The commitment holds a text in its place."""
    swap = "CASE field WHEN 'statement' THEN 'measure' ELSE 'statement' END"
    (position,) = copy.run("SELECT position FROM words WHERE field = 'statement'")[0]
    rows = copy.run("SELECT * FROM words WHERE position = ?", position)
    copy.run("DELETE FROM words WHERE position = ?", position)
    for row in rows:
        copy.run("INSERT INTO words VALUES (?, ?, ?, ?, ?)", *row)
    copy.run(f"UPDATE OR IGNORE words SET field = 'x' || field WHERE position = {position}")
    copy.run(
        f"UPDATE words SET field = {swap.replace('field', 'substr(field, 2)')} WHERE position = {position}"
    )
    assert len(copy.report().of("words")) == 2


def test_removed_words_are_named(copy):
    copy.run("DELETE FROM words WHERE field = 'evidence.0'")
    (finding,) = copy.report().of("words")
    assert finding.what.endswith("evidence.0: the text is gone")


def test_an_event_of_another_kind_of_stream_is_named(copy):
    position = copy.position("PersonAdded", 2)
    version = copy.run("SELECT max(version) FROM events WHERE stream LIKE 'cycle:%'")[0][0]
    stream = copy.run("SELECT stream FROM events WHERE stream LIKE 'cycle:%' LIMIT 1")[0][0]
    head = copy.run("SELECT max(position), max(recorded_at) FROM events")[0]
    state = copy.run("SELECT state FROM events WHERE position = ?", position)[0][0]
    values = (head[0] + 1, "default", stream, version + 1, "PersonAdded.1", head[1], state)
    copy.run("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", *values)
    (finding,) = copy.report().findings
    assert (finding.check, finding.position) == ("readable", head[0] + 1)
    assert "does not belong where it is" in finding.what


def test_a_stream_of_no_kind_and_an_event_of_no_name_are_named(copy):
    copy.run("UPDATE events SET topic = 'Rumour.1' WHERE position = ?", copy.position("GoalAgreed"))
    copy.run(
        "UPDATE events SET stream = 'rumour:1' WHERE position = ?", copy.position("ObservationCompleted")
    )
    whats = " ".join(finding.what for finding in copy.report().of("readable"))
    assert "no event is called 'Rumour'" in whats
    assert "rumour" in whats


STRANGE = (None, -1, "strange", [], {}, b"strange", [["a"]], 1e300, True, {"minutes": "many"})


@pytest.mark.parametrize(
    "name",
    [
        "ProgrammeCreated",
        "DefinitionPublished",
        "PersonAdded",
        "PairingPublished",
        "CycleOpened",
        "CycleAdvanced",
        "CycleCorrected",
        "GoalSet",
        "GoalAgreed",
        "BaselineRecorded",
        "FocusAgreed",
        "ObservationCompleted",
        "DebriefHeld",
        "ReflectionWritten",
        "GoalAssessed",
        "ContactLogged",
    ],
)
def test_no_altered_field_makes_the_audit_fall_over(copy, lived, name):
    """Whatever an attacker writes, the audit comes to its end, and a state is shown or refused by name."""
    position = copy.position(name)
    (state,) = copy.run("SELECT state FROM events WHERE position = ?", position)[0]
    for field in msgpack.unpackb(state)[-1]:
        for strange in STRANGE:
            copy.run("UPDATE events SET state = ? WHERE position = ?", state, position)
            copy.alter(position, **{field: strange})
            with Engine.open(f"sqlite:///{copy.path}", read_only=True) as engine:
                assert verify(engine.store).events == lived.engine.store.head()
                with suppress(MentorcycleError):
                    engine.cycle(lived.cycle, lived.coordinator)
                with suppress(MentorcycleError):
                    engine.person(lived.ada.id, lived.coordinator)


def test_work_in_a_cancelled_cycle_is_named(copy, lived):
    """Appended by hand, with everything in its place."""
    contact = lived.contact().events[0]
    lived.engine.execute(c.Cancel(lived.cycle, CancelReason.WITHDREW), lived.coordinator).or_raise()
    honest = verify(lived.engine.store)
    assert honest.holds
    with sqlite3.connect(copy.path.with_name("north.db")) as database:
        head, version, at = database.execute(
            "SELECT max(position), max(version), max(recorded_at) FROM events WHERE stream LIKE 'cycle:%'"
        ).fetchone()
        forged = replace(contact, version=version + 1)
        values = (head + 1, "default", forged.stream, forged.version, "ContactLogged.1", at, encode(forged))
        database.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    database.close()
    assert decode(lived.engine.store.read_log(head, 1)[0]).event == contact.event
    (finding,) = verify(lived.engine.store).findings
    assert finding.what.endswith("ContactLogged is recorded while it is cancelled")


SAME = {
    "nothing": lambda copy: None,
    "an event is deleted": lambda copy: copy.run(
        "DELETE FROM events WHERE position = ?", copy.position("CyclePaused")
    ),
    "an event is altered": lambda copy: copy.alter(copy.position("CycleAdvanced"), target="celebrate"),
    "an event is unreadable": lambda copy: copy.alter(copy.position("CycleAdvanced", 1), unknown=1),
    "a text is replaced": lambda copy: copy.run("UPDATE words SET text = 'Fewer' WHERE field = 'statement'"),
}


@pytest.mark.parametrize("attack", SAME.values(), ids=SAME)
def test_what_is_kept_meanwhile_changes_nothing_of_what_is_found(copy, attack):
    attack(copy)
    with Engine.open(f"sqlite:///{copy.path}", read_only=True) as engine:
        whole = verify(engine.store)
        assert whole.holds is (attack is SAME["nothing"])
        for most in (0, 1, 2):
            assert verify(engine.store, most_states=most) == whole


def test_states_that_are_kept_do_not_grow_with_the_log(lived):
    store = lived.engine.store
    states, most = RecentStates(store, 3), 0
    for row in tail(store, 0):
        states.keep(row, refolded(states.before(row), decode(row), row))
        most = max(most, len(states))
    assert most == 3
    assert len({row.stream for row in tail(store, 0)}) > 3


@pytest.mark.parametrize("part", [1, 2, 5, 100])
def test_texts_are_compared_part_by_part(lived, part):
    store, report = lived.engine.store, Verification()
    words = WordsChecker(store, report)
    for number, row in enumerate(tail(store, 0), 1):
        carried = commitments_of(decode(row).event, row.version)
        words.take((row.tenant, row.stream), row.version, carried)
        if number % part == 0:
            words.settle()
    words.settle()
    assert (report.words, report.holds) == (8, True)


def test_what_others_write_meanwhile_is_not_taken_for_a_finding(lived):
    """Words of events after the last one that is verified."""

    def meanwhile(done, of):
        lived.engine.execute(c.LogContact(lived.cycle, 5, notes="We met"), lived.bo).or_raise()

    head = lived.engine.store.head()
    report = verify(lived.engine.store, progress=meanwhile)
    assert (report.findings, report.head, report.words) == ([], head, 8)


def test_findings_are_counted_and_the_first_are_kept(copy, lived):
    people = [c.AddPerson(f"Person {number}") for number in range(150)]
    lived.engine.execute_many(people, lived.coordinator)
    with sqlite3.connect(copy.path.with_name("north.db")) as database:
        database.execute("DROP TRIGGER events_are_never_updated")
        database.execute("UPDATE events SET topic = 'Rumour.1' WHERE topic = 'PersonAdded.1'")
    database.close()
    report = verify(lived.engine.store)
    assert report.found["readable"] > 150
    assert len(report.of("readable")) == 100
    assert report.of("readable")[0].position < report.of("readable")[-1].position

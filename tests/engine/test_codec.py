"""Stored bytes: every event survives them, every old form is read for ever, and damage is named.

`golden/events.json` holds bytes of every form that was ever stored, with what they must be read as. After declaring
a new event or schema version, write its bytes with MENTORCYCLE_WRITE_GOLDEN=1; what is there is never changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import HistoryUnreadable
from mentorcycle.domain.events import EVENTS, BaselineRecorded, Event, GoalSet, ProgrammeCreated, event
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.vocabulary import MeasureSource, TeachingArea
from mentorcycle.domain.words import Words
from mentorcycle.engine import codec
from mentorcycle.engine.codec import decode, encode, from_micros, to_micros
from mentorcycle.engine.stores.port import StoredRow
from mentorcycle.engine.upcast import UPCASTS, upcast

GOLDEN = Path(__file__).parent / "golden" / "events.json"
FIRST = GOLDEN.with_name("events_without_definition.json")
KINDS = [EVENTS[name] for name in sorted(EVENTS)]
NOON = datetime(2026, 9, 7, 12, 0, 0, 123456, tzinfo=UTC)
ADA = Actor.participant("p-ada")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
whole = st.integers(-(2**63), 2**63 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
instants = st.datetimes(datetime(1900, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
PLAIN = {
    str: texts,
    int: whole,
    float: numbers | st.integers(-1000, 1000),
    bool: st.booleans(),
    date: st.dates(),
    datetime: instants,
    Words: st.binary(min_size=32, max_size=32).map(Words),
}


def value(hint: Any) -> st.SearchStrategy[Any]:
    if NoneType in get_args(hint):
        return st.none() | st.one_of(*(value(option) for option in get_args(hint) if option is not NoneType))
    if get_origin(hint) is tuple:
        return st.lists(value(get_args(hint)[0]), max_size=3).map(tuple)
    if get_origin(hint) is Mapping:
        return st.dictionaries(texts, st.none() | st.booleans() | whole | numbers | texts, max_size=3)
    if hint in PLAIN:
        return PLAIN[hint]
    return st.sampled_from(hint) if issubclass(hint, Enum) else record(hint)


def record(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{f.name: value(hints[f.name]) for f in fields(kind)})


def recorded_of(event_: Any, **envelope: Any) -> Recorded[Any]:
    return Recorded(
        **{
            "position": 7,
            "tenant": "north",
            "stream": "cycle:c-1",
            "version": 3,
            "recorded_at": NOON,
            "occurred_at": NOON,
            "actor": ADA,
            "command_id": "01abc",
            "correlation": None,
            "causation": None,
            "batch": None,
            "event": event_,
            "definition_version": 2,
        }
        | envelope
    )


def stored(state: bytes, topic: str) -> StoredRow:
    return StoredRow(7, "north", "cycle:c-1", 3, topic, to_micros(NOON), state)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.event_name)
def test_every_event_is_read_as_it_was_written(kind):
    @settings(max_examples=15, deadline=None)
    @given(record(kind))
    def holds(event_: Any) -> None:
        written = recorded_of(event_)
        assert decode(stored(encode(written), kind.topic)) == written

    holds()


@given(
    instants, st.sampled_from(["participant", "coordinator", "auditor", "system"]), st.none() | texts, texts
)
def test_the_envelope_is_read_as_it_was_written(moment, role, batch, id):
    actor = getattr(Actor, role)(id)
    written = recorded_of(
        BaselineRecorded(goal="g1", value=4.5, on=date(2026, 9, 7), source=MeasureSource.RECORDS),
        occurred_at=moment,
        actor=actor,
        correlation=batch,
        causation=id,
        batch=batch,
    )
    assert decode(stored(encode(written), "BaselineRecorded.1")) == written


@given(instants)
def test_instants_keep_every_microsecond(moment):
    assert from_micros(to_micros(moment)) == moment


def test_an_empty_value_is_not_mistaken_for_a_default():
    """A week without a weekend is not the usual week."""
    written = recorded_of(ProgrammeCreated(name="North", weekend=()))
    assert decode(stored(encode(written), "ProgrammeCreated.1")).event.weekend == ()


def test_words_that_were_not_sealed_are_not_written():
    open_ = GoalSet(goal="g1", area=TeachingArea.PLANNING, statement=Words(text="secret"))
    with pytest.raises(ValueError, match="sealed") as caught:
        encode(recorded_of(open_))
    assert "secret" not in str(caught.value)


# Golden bytes


def plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case Words():
            return value.commitment.hex()
        case tuple():
            return [plain(item) for item in value]
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case _ if is_dataclass(value):
            return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    return value


def sample(hint: Any, name: str) -> Any:
    """A value that tells fields apart."""
    if NoneType in get_args(hint) and get_origin(hint) is not Mapping:
        hint = next(option for option in get_args(hint) if option is not NoneType)
    if get_origin(hint) is tuple:
        return (sample(get_args(hint)[0], name), sample(get_args(hint)[0], f"{name} 2"))
    if get_origin(hint) is Mapping:
        return {"minutes": 30, "mode": "phone", "value": 2.5, "met": None}
    if issubclass(hint, Enum):
        return list(hint)[len(name) % len(hint)]
    if is_dataclass(hint) and hint is not Words:
        hints = get_type_hints(hint)
        return hint(**{f.name: sample(hints[f.name], f"{name}.{f.name}") for f in fields(hint)})
    return {
        str: f"{name} ü",
        int: len(name),
        float: len(name) + 0.5,
        bool: True,
        date: date(2026, 9, len(name) % 28 + 1),
        datetime: NOON.replace(minute=len(name)),
        Words: Words(name.encode().ljust(32, b"\0")[:32]),
    }[hint]


def write_golden() -> None:
    """Add bytes of present forms that are not there yet."""
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    for kind in KINDS:
        if kind.topic not in golden:
            event_ = sample(kind, kind.event_name)
            state = encode(recorded_of(event_, correlation="corr", causation="cause", batch="b-1"))
            golden[kind.topic] = {"state": state.hex(), "event": plain(event_)}
    GOLDEN.write_text(json.dumps(golden, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


if os.environ.get("MENTORCYCLE_WRITE_GOLDEN"):
    write_golden()
STORED: dict[str, Any] = json.loads(GOLDEN.read_text())
FIRST_STORED: dict[str, Any] = json.loads(FIRST.read_text())


@pytest.mark.parametrize(
    ("golden", "definition"),
    [*((golden, 2) for golden in STORED.items()), *((golden, None) for golden in FIRST_STORED.items())],
    ids=[*STORED, *(f"{topic} of a first envelope" for topic in FIRST_STORED)],
)
def test_golden_bytes_are_read_for_ever(golden, definition):
    topic, kept = golden
    recorded = decode(stored(bytes.fromhex(kept["state"]), topic))
    now = plain(recorded.event)
    assert {name: now[name] for name in kept["event"]} == kept["event"]
    assert recorded.definition_version == definition
    assert (recorded.occurred_at, recorded.actor, recorded.command_id) == (NOON, ADA, "01abc")
    assert (recorded.correlation, recorded.causation, recorded.batch) == ("corr", "cause", "b-1")


def test_every_form_of_every_event_has_golden_bytes():
    assert {f"{kind.event_name}.{n}" for kind in KINDS for n in range(1, kind.schema + 1)} == set(STORED)


def test_names_are_stored_and_modules_are_not():
    """A class may move: neither topic nor bytes know where it lives."""
    for topic, golden in STORED.items():
        name, _, version = topic.partition(".")
        assert name.isidentifier()
        assert version.isdecimal()
        assert b"mentorcycle" not in bytes.fromhex(golden["state"])


# Older and newer forms


@pytest.fixture
def tea():
    """An event that has had three forms."""

    @event("TeaDrunk", schema=3)
    class TeaDrunk(Event):
        cups: int
        leaf: str
        milk: bool = False

    @upcast("TeaDrunk", 1)
    def cups_were_called_mugs(payload):
        return {"cups": payload["mugs"], "kind": payload["kind"]}

    @upcast("TeaDrunk", 2)
    def kinds_became_leaves(payload):
        return {"cups": payload["cups"], "leaf": payload["kind"].lower()}

    yield TeaDrunk
    del EVENTS["TeaDrunk"]
    for step in [step for step in UPCASTS if step[0] == "TeaDrunk"]:
        del UPCASTS[step]
    for topic in [topic for topic in codec._DECODERS if topic.startswith("TeaDrunk")]:
        del codec._DECODERS[topic]


def state_of(payload: dict[str, Any]) -> bytes:
    return msgpack.packb(
        (to_micros(NOON), "p-ada", "participant", "authenticated", "01", None, None, None, payload)
    )


def test_older_forms_are_brought_up_to_date_step_by_step(tea):
    oldest = decode(stored(state_of({"mugs": 2, "kind": "OOLONG"}), "TeaDrunk.1"))
    older = decode(stored(state_of({"cups": 3, "kind": "Green"}), "TeaDrunk.2"))
    newest = decode(stored(state_of({"cups": 4, "leaf": "assam", "milk": True}), "TeaDrunk.3"))
    assert oldest.event == tea(cups=2, leaf="oolong")
    assert older.event == tea(cups=3, leaf="green")
    assert newest.event == tea(cups=4, leaf="assam", milk=True)


def test_a_step_is_registered_once(tea):
    with pytest.raises(ValueError, match="two steps"):
        upcast("TeaDrunk", 1)(lambda payload: payload)


def test_two_events_do_not_share_a_name(tea):
    with pytest.raises(ValueError, match="TeaDrunk"):
        event("TeaDrunk")(type("Other", (), {}))


def test_a_missing_step_is_named(tea):
    del UPCASTS["TeaDrunk", 2]
    with pytest.raises(HistoryUnreadable, match="from schema version 2 to 3"):
        decode(stored(state_of({"mugs": 2, "kind": "x"}), "TeaDrunk.1"))


def test_a_step_that_fails_is_named_as_damage(tea):
    with pytest.raises(HistoryUnreadable) as caught:
        decode(stored(state_of({"jugs": 2}), "TeaDrunk.1"))
    assert (caught.value.position, caught.value.topic) == (7, "TeaDrunk.1")


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("CoffeeDrunk.1", "no event is called 'CoffeeDrunk'"),
        ("ContactLogged.2", "known up to schema version 1; a newer program wrote this"),
        ("ContactLogged.0", "known up to schema version 1"),
        ("ContactLogged.²", "known up to schema version 1"),
        ("ContactLogged", "no event is called ''"),
        ("", "no event is called ''"),
    ],
)
def test_what_is_not_known_is_named_with_its_place(topic, why):
    with pytest.raises(HistoryUnreadable, match="event 7") as caught:
        decode(stored(bytes.fromhex(STORED["ContactLogged.1"]["state"]), topic))
    assert why in caught.value.why


# Damage


def damaged(state: bytes) -> list[bytes]:
    payload = msgpack.unpackb(state)
    strange = [None, 5, "x", [], [1, 2], {"no": "field"}, {**payload[-1], "more": 1}]
    return [
        b"",
        b"\xc1",
        state[:-1],
        state + b"\0",
        *(msgpack.packb([*payload[:-1], other]) for other in strange),
        msgpack.packb(["noon", *payload[1:]]),
        msgpack.packb([10**18, *payload[1:]]),
        msgpack.packb([payload[0], [1], *payload[2:]]),
        msgpack.packb([*payload[:2], "king", *payload[3:]]),
        *(msgpack.packb([*payload[:-1], {**payload[-1], name: {"a": [2**60]}}]) for name in payload[-1]),
    ]


def named(state: bytes, topic: str) -> tuple[int, str] | None:
    """The place that reading the bytes complains of; None when they are an event."""
    try:
        assert isinstance(decode(stored(state, topic)), Recorded)
    except HistoryUnreadable as error:
        return error.position, error.topic
    return None


@pytest.mark.parametrize("topic", sorted(STORED))
def test_damaged_bytes_are_named_with_their_place_or_still_an_event(topic):
    places = [named(state, topic) for state in damaged(bytes.fromhex(STORED[topic]["state"]))]
    assert set(places) <= {(7, topic), None}
    assert places.count((7, topic)) >= 11


@given(st.data())
def test_no_bytes_at_all_raise_anything_else(data):
    topic = data.draw(st.sampled_from(sorted(STORED)))
    state = bytearray(bytes.fromhex(STORED[topic]["state"]))
    for _ in range(data.draw(st.integers(1, 4))):
        state[data.draw(st.integers(0, len(state) - 1))] = data.draw(st.integers(0, 255))
    assert named(bytes(state), topic) in ((7, topic), None)

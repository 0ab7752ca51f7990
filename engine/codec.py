"""Events and bytes: the stored form of every event, and how older forms are brought up to date.

A state is msgpack: an envelope array whose last item is the payload, a map by field name. Positions, streams,
versions, topics and `recorded_at` are columns of the store. Words never come here: sealing replaced them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgpack

from mentorcycle.domain import events
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.change import maker, written
from mentorcycle.domain.errors import HistoryUnreadable
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.vocabulary import Known, Role
from mentorcycle.domain.words import Words

from .stores.port import StoredRow
from .upcast import UPCASTS, Upcast

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Payload = dict[str, Any]
Convert = Callable[[Any], Any]

_unpackb = msgpack.unpackb
_BEFORE_DEFINITIONS = 9
"""Items of the first envelopes, which did not tell the version of the cycle's definition."""


def to_micros(moment: datetime) -> int:
    """UTC microseconds since 1970 of an aware instant."""
    return (moment - EPOCH) // MICROSECOND


@lru_cache(maxsize=256)  # the events of one command share theirs
def from_micros(micros: int) -> datetime:
    """The aware instant of UTC microseconds since 1970."""
    return EPOCH + timedelta(0, 0, micros)


def encode(recorded: Recorded[Any]) -> bytes:
    """The stored state of a sealed event; raise ValueError for words that were not sealed."""
    event, actor = recorded.event, recorded.actor
    return packed(
        (
            to_micros(recorded.occurred_at),
            actor.id,
            actor.role.value,
            actor.known.value,
            recorded.command_id,
            recorded.correlation,
            recorded.causation,
            recorded.batch,
            recorded.definition_version,
            (_ENCODERS.get(type(event)) or _encoder(type(event)))(event),
        )
    )


make_recorded = maker(Recorded)


def decode(row: StoredRow) -> Recorded[Any]:
    """The event and envelope of a stored row; raise `HistoryUnreadable` saying where and why."""
    try:
        position, tenant, stream, version, topic, recorded_at, state = row
        build, upcasts = _DECODERS.get(topic) or _decoder(row)
        envelope = _unpackb(state)
        if len(envelope) == _BEFORE_DEFINITIONS:
            envelope.insert(-1, None)
        occurred, actor_id, role, known, command, correlation, causation, batch, definition, payload = (
            envelope
        )
        for upcast in upcasts:
            payload = upcast(payload)
        return make_recorded(
            position,
            tenant,
            stream,
            version,
            from_micros(recorded_at),
            from_micros(occurred),
            _ACTORS.get((actor_id, role, known)) or _actor(actor_id, role, known),
            command,
            correlation,
            causation,
            batch,
            build(payload),
            definition,
        )
    except _DAMAGE as error:
        why = f"its bytes do not have the form of {row.topic} ({type(error).__name__})"
        raise HistoryUnreadable(row.position, row.topic, why) from None


def plain_fields(record: object) -> Payload:
    """What a command (or any record) says beyond its defaults, words included: for digests only.

    A field that a later version adds with a default changes no digest.
    """
    payload: Payload = (_PLAIN.get(type(record)) or _plain(type(record)))(record)
    return payload


def packed(value: object) -> bytes:
    """Canonical bytes of plain values: maps keep the order of their declaration."""
    return msgpack.packb(value)  # type: ignore[no-any-return]


Decoder = tuple[Convert, tuple[Upcast, ...]]

_ENCODERS: dict[type[Any], Convert] = {}
_PLAIN: dict[type[Any], Convert] = {}
_DECODERS: dict[str, Decoder] = {}
_ACTORS: dict[tuple[str, str, str], Actor] = {}
_MOST_ACTORS = 10_000
_DAMAGE = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, msgpack.UnpackException)


def _encoder(kind: type[Any]) -> Convert:
    """How an event is stored. Only None and () are left out: another default may change with a later version."""
    _ENCODERS[kind] = _writer_of(kind, lambda default: default is None or default == ())
    return _ENCODERS[kind]


def _plain(kind: type[Any]) -> Convert:
    _PLAIN[kind] = _writer_of(kind, lambda default: default is not MISSING)
    return _PLAIN[kind]


def _writer_of(kind: type[Any], is_left_out: Callable[[object], bool]) -> Convert:
    """How a record becomes a map, in the order of its fields, without those that hold a default that is left out."""
    hints = get_type_hints(kind)
    known: dict[str, Any] = {}
    lines = ["def write(record):", "    payload = {}"]
    for f in fields(kind):
        default = _default(f)
        known[f"to_{f.name}"] = convert = _writer(hints[f.name])
        known[f"absent_{f.name}"] = default
        plain = "value" if convert is None else f"None if value is None else to_{f.name}(value)"
        lines.append(f"    value = record.{f.name}")
        if default is None:
            lines.append("    if value is not None:")
        elif is_left_out(default):
            lines.append(f"    if value is not absent_{f.name} and value != absent_{f.name}:")
        else:
            lines.append("    if True:")
        lines.append(f"        payload[{f.name!r}] = {plain}")
    exec("\n".join([*lines, "    return payload"]), known)
    write: Convert = known["write"]
    return write


def _default(field: Field[Any]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _actor(id: str, role: str, known: str) -> Actor:
    if len(_ACTORS) >= _MOST_ACTORS:
        _ACTORS.clear()
    actor = _ACTORS[id, role, known] = Actor(id, Role(role), Known(known))
    return actor


def _decoder(row: StoredRow) -> Decoder:
    name, _, version = row.topic.rpartition(".")
    kind = events.named(name)
    if kind is None:
        raise HistoryUnreadable(row.position, row.topic, f"no event is called {name!r}")
    if not version.isdecimal() or not 0 < int(version) <= kind.schema:
        why = f"{name} is known up to schema version {kind.schema}; a newer program wrote this"
        raise HistoryUnreadable(row.position, row.topic, why)
    steps = [(name, schema) for schema in range(int(version), kind.schema)]
    for step in steps:
        if step not in UPCASTS:
            why = f"nothing brings {name} from schema version {step[1]} to {step[1] + 1}"
            raise HistoryUnreadable(row.position, row.topic, why)
    _DECODERS[row.topic] = _builder(kind), tuple(UPCASTS[step] for step in steps)
    return _DECODERS[row.topic]


def _kind_of(hint: Any) -> Any:
    """The type that a hint allows beside None."""
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return next(option for option in options if option is not NoneType)


def _writer(hint: Any) -> Convert | None:
    """How a field of this type becomes what msgpack can hold; None when it is that already."""
    kind = _kind_of(hint)
    if get_origin(kind) is tuple:
        convert = _writer(get_args(kind)[0])
        return None if convert is None else lambda values: [convert(value) for value in values]
    if get_origin(kind) is Mapping:
        return lambda values: {key: values[key] for key in sorted(values)}
    if issubclass(kind, Enum):
        return attrgetter("_value_")
    if kind is datetime:
        return to_micros
    if kind is date:
        return date.isoformat
    if kind is Words:
        return _commitment
    if hasattr(kind, "__dataclass_fields__"):
        return lambda record: (_ENCODERS.get(kind) or _encoder(kind))(record)
    return None


def _commitment(words: Words) -> bytes:
    if not words.commitment:
        raise ValueError("words are sealed before they are stored")
    return words.commitment


def _reader(hint: Any) -> Convert | None:
    """How a stored value becomes what a field of this type holds; None when it is that already."""
    kind = _kind_of(hint)
    if get_origin(kind) is tuple:
        return _tuple_reader(get_args(kind)[0])
    if get_origin(kind) is Mapping:
        return None
    if issubclass(kind, Enum):
        members: dict[Any, Enum] = {member.value: member for member in kind}
        return members.__getitem__
    if kind is datetime:
        return from_micros
    if kind is date:
        return date.fromisoformat
    if kind is Words:
        return Words
    return _builder(kind) if hasattr(kind, "__dataclass_fields__") else None


def _tuple_reader(item: Any) -> Convert:
    convert = _reader(item)
    if convert is None:
        return tuple
    return lambda values: tuple([convert(value) for value in values])


def _builder(kind: type[Any]) -> Convert:
    """How a stored map becomes a record; raises for a map with a field too few or too many."""
    hints = get_type_hints(kind)
    known: dict[str, Any] = {"names": {f.name for f in fields(kind)}}
    lines = ["    if not payload.keys() <= names:", "        raise LookupError"]
    for f in fields(kind):
        known[f"to_{f.name}"] = convert = _reader(hints[f.name])
        known[f"absent_{f.name}"] = default = _default(f)
        found = "value" if convert is None else f"to_{f.name}(value)"
        absent = "None" if default is MISSING else f"absent_{f.name}"
        lines += [
            f"    value = payload[{f.name!r}]"
            if default is MISSING
            else f"    value = payload.get({f.name!r})",
            f"    made.{f.name} = {absent} if value is None else {found}",
        ]
    return written(kind, "(payload)", lines, known)

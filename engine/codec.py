"""Events and bytes: the stored form of every event, and how older forms are brought up to date.

A state is msgpack: an envelope array whose last item is the payload, a map by field name. Positions, streams,
versions, topics and `recorded_at` are columns of the store. Words never come here: sealing replaced them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import msgpack
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import HistoryUnreadable
from mentorcycle.domain.events import EVENTS, Event
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


def to_micros(moment: datetime) -> int:
    """UTC microseconds since 1970 of an aware instant."""
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware instant of UTC microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def encode(
    event: Event,
    *,
    occurred_at: datetime,
    actor: Actor,
    command_id: str,
    correlation: str | None = None,
    causation: str | None = None,
    batch: str | None = None,
) -> bytes:
    """The stored state of a sealed event; raise ValueError for words that were not sealed."""
    encoder = _ENCODERS.get(type(event)) or _encoder(type(event))
    payload: Payload = {}
    for name, convert in encoder:
        value = getattr(event, name)
        if value is None or value == ():
            continue
        payload[name] = value if convert is None else convert(value)
    return packed(
        (
            to_micros(occurred_at),
            actor.id,
            actor.role.value,
            actor.known.value,
            command_id,
            correlation,
            causation,
            batch,
            payload,
        )
    )


def decode(row: StoredRow) -> Recorded[Any]:
    """The event and envelope of a stored row; raise `HistoryUnreadable` saying where and why."""
    try:
        kind, converters, upcasts = _DECODERS.get(row.topic) or _decoder(row.topic)
        occurred, actor_id, role, known, command, correlation, causation, batch, payload = _unpackb(row.state)
        for upcast in upcasts:
            payload = upcast(payload)
        for name, convert in converters:
            value = payload.get(name)
            if value is not None:
                payload[name] = convert(value)
        event = kind(**payload)
        actor = _ACTORS.get((actor_id, role, known)) or _actor(actor_id, role, known)
    except LookupError as error:
        raise HistoryUnreadable(row.position, row.topic, str(error).strip("'\"")) from None
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        why = f"its bytes do not have the form of {row.topic} ({type(error).__name__})"
        raise HistoryUnreadable(row.position, row.topic, why) from None
    return Recorded(
        row.position,
        row.tenant,
        row.stream,
        row.version,
        EPOCH + timedelta(microseconds=row.recorded_at),
        EPOCH + timedelta(microseconds=occurred),
        actor,
        command,
        correlation,
        causation,
        batch,
        event,
    )


def plain_fields(record: object) -> Payload:
    """Fields of a command (or any record) as msgpack can hold them, words included: for digests only."""
    return {f.name: _plain(getattr(record, f.name)) for f in fields(cast(Any, record))}


def packed(value: object) -> bytes:
    """Canonical bytes of plain values: maps keep the order of their declaration."""
    return msgpack.packb(value)  # type: ignore[no-any-return]


Encoder = tuple[tuple[str, Convert | None], ...]
Decoder = tuple[type[Any], tuple[tuple[str, Convert], ...], tuple[Upcast, ...]]

_ENCODERS: dict[type[Event], Encoder] = {}
_DECODERS: dict[str, Decoder] = {}
_ACTORS: dict[tuple[str, str, str], Actor] = {}
_MOST_ACTORS = 10_000


def _actor(id: str, role: str, known: str) -> Actor:
    if len(_ACTORS) >= _MOST_ACTORS:
        _ACTORS.clear()
    actor = _ACTORS[id, role, known] = Actor(id, Role(role), Known(known))
    return actor


def _encoder(kind: type[Event]) -> Encoder:
    hints = get_type_hints(kind)
    encoder = tuple((f.name, None if _is_plain(hints[f.name]) else _plain) for f in fields(cast(Any, kind)))
    _ENCODERS[kind] = encoder
    return encoder


def _decoder(topic: str) -> Decoder:
    name, _, version = topic.rpartition(".")
    kind = EVENTS.get(name)
    if kind is None:
        raise LookupError(f"no event is called {name!r}")
    if not version.isdigit() or int(version) > kind.schema:
        raise LookupError(f"{name} is known up to schema version {kind.schema}; a newer program wrote this")
    upcasts = []
    for schema in range(int(version), kind.schema):
        if (name, schema) not in UPCASTS:
            raise LookupError(f"nothing brings {name} from schema version {schema} to {schema + 1}")
        upcasts.append(UPCASTS[name, schema])
    hints = get_type_hints(kind)
    converters = tuple(
        (f.name, convert) for f in fields(cast(Any, kind)) if (convert := _reader(hints[f.name])) is not None
    )
    _DECODERS[topic] = kind, converters, tuple(upcasts)
    return _DECODERS[topic]


def _is_plain(hint: Any) -> bool:
    return all(option in (str, int, float, bool, NoneType) for option in _options(hint))


def _options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return value
        case Enum():
            return value.value
        case datetime():
            return to_micros(value)
        case date():
            return value.isoformat()
        case Words():
            if not value.commitment:
                raise ValueError("words are sealed before they are stored")
            return value.commitment
        case tuple() | list():
            return [_plain(item) for item in value]
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case _ if is_dataclass(value):
            return {f.name: _plain(v) for f in fields(value) if (v := getattr(value, f.name)) is not None}
    raise TypeError(f"{type(value).__name__} has no stored form")


def _reader(hint: Any) -> Convert | None:
    """How a stored value becomes what a field of this type holds; None when it is that already."""
    kind = next(option for option in _options(hint) if option is not NoneType)
    if kind in (str, int, float, bool, bytes):
        return None
    if get_origin(kind) is tuple:
        return _tuple_reader(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, Enum):
        members = {member.value: member for member in kind}
        return lambda value: members[value] if value in members else kind(value)
    if kind is datetime:
        return from_micros
    if kind is date:
        return date.fromisoformat
    if kind is Words:
        return Words
    if isinstance(kind, type) and is_dataclass(kind):
        return _record_reader(kind)
    return None


def _tuple_reader(item: Any) -> Convert:
    convert = _reader(item)
    if convert is None:
        return tuple
    return lambda values: tuple([convert(value) for value in values])


def _record_reader(kind: type[Any]) -> Convert:
    hints = get_type_hints(kind)
    converters = {name: convert for name, hint in hints.items() if (convert := _reader(hint)) is not None}

    def read(value: Payload) -> Any:
        for name, convert in converters.items():
            if value.get(name) is not None:
                value[name] = convert(value[name])
        return kind(**value)

    return read

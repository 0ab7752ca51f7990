"""Plain values and typed ones: how a correction's text or number becomes what a field holds.

Not the stored form of events: that is the codec's.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

_HINTS: dict[type, dict[str, Any]] = {}


def hints_of(record: type) -> dict[str, Any]:
    """Resolved type hints of a record, by field."""
    if record not in _HINTS:
        _HINTS[record] = get_type_hints(record)
    return _HINTS[record]


def typed(kind: Any, value: object) -> Any:
    """The value as `kind` (a field's type); raise ValueError with words that name what is expected."""
    if get_origin(kind) in (Union, UnionType):
        options = [option for option in get_args(kind) if option is not NoneType]
        return None if value is None else typed(options[0], value)
    if value is None:
        raise ValueError("a value is needed")
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice(kind, value)
    if kind is datetime:
        return _instant(value)
    if kind is date:
        return _day(value)
    if kind is bool:
        return _yes_or_no(value)
    if kind is int:
        return _whole(value)
    if kind is float:
        return _number(value)
    return str(value)


def plain(value: object) -> str | int | float | bool | None:
    """The storable form that `typed` reads back."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Enum():
            return str(value.value)
        case datetime() | date():
            return value.isoformat()
        case _:
            raise ValueError(f"{type(value).__name__} has no plain form")


def _choice(kind: type[Enum], value: object) -> Enum:
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(str(member.value) for member in kind)
        raise ValueError(f"{value!r} is none of: {allowed}") from None


def _instant(value: object) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{value!r} is no instant; for example 2026-03-02T09:00+01:00") from None


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is no date; for example 2026-03-02") from None


def _yes_or_no(value: object) -> bool:
    answers = {"yes": True, "true": True, "no": False, "false": False}
    answer = answers.get(str(value).lower())
    if answer is None:
        raise ValueError(f"{value!r} is neither yes nor no")
    return answer


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = _number(value)
    if not number.is_integer():
        raise ValueError(f"{value!r} is not a whole number")
    return int(number)


def _number(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a number")
    return number

"""Put right what was recorded: the log keeps the event, every fold from here on sees the correction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from mentorcycle.domain.vocabulary import CorrectionReason

from ..choices import choice
from ..dates import said
from .deed import Deed, on_cycle

if TYPE_CHECKING:
    from mentorcycle.domain.cycle.correction import Record
    from mentorcycle.domain.events import FieldValue

_DAYS = frozenset({"on", "due"})
_INSTANTS = frozenset({"start", "held", "occurred_at"})


@on_cycle(dated=False)
@click.argument("event", type=click.IntRange(min=1))
@click.option(
    "--set",
    "fields",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="A field and its right value.",
)
@choice("--reason", of=CorrectionReason, required=True, help="Why")
def correct(deed: Deed, event: int, fields: tuple[str, ...], reason: CorrectionReason) -> None:
    """Correct fields of what was recorded.

    EVENT is its number in the cycle, the column IN CYCLE of `audit log REF` and not POSITION: `cycle correct
    c-7f3k 12 --set minutes=45 --reason typing-error`. --dry-run says which event that is and what would change.
    Words, people and stages are not corrected but recorded anew. An empty value clears.
    """
    from mentorcycle.domain.commands import Correct
    from mentorcycle.domain.cycle.correction import correctable_at
    from mentorcycle.domain.events import CycleCorrected

    values = {name: _value(deed, name, value) for name, value in map(_field, fields)}
    found = correctable_at(deed.state, event)
    before = found.record if found else None
    taken = deed.take(Correct(deed.cycle, event, reason, values))
    made = taken.event(CycleCorrected)
    which = _called(deed, event)
    taken.say(
        f"{which} is corrected: {_changes(deed, before, made.fields) if made else ''}",
        already=f"{which} has {_stated(deed, before, values)}",
        part=str(event),
    )


def _called(deed: Deed, event: int) -> str:
    """`event 9 of c-7f3k (ContactLogged, Wed 4 Nov 2026)`: enough to see that it is another than was meant."""
    recorded = deed.place.engine.history(deed.cycle, deed.place.actor)[event - 1]
    day = said(deed.place.programme.day(recorded.occurred_at))
    return f"event {event} of {deed.label} ({recorded.event.event_name}, {day})"


def _changes(deed: Deed, before: Record | None, after: Mapping[str, FieldValue]) -> str:
    return ", ".join(
        f"{name} {_shown(deed, name, getattr(before, name))} → {_shown(deed, name, value)}"
        for name, value in after.items()
    )


def _stated(deed: Deed, before: Record | None, fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_shown(deed, name, getattr(before, name))}" for name in fields)


def _shown(deed: Deed, name: str, value: Any) -> str:
    """A value as people read it; none of the fields that can be corrected holds words."""
    from datetime import datetime

    from mentorcycle.domain.typed import plain

    stored = plain(value)
    if name in _INSTANTS and stored is not None:
        return deed.clock(datetime.fromisoformat(str(stored)))
    return "–" if stored is None else f"{stored:g}" if isinstance(stored, float) else str(stored)


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.UsageError("--set takes FIELD=VALUE, such as minutes=45.", click.get_current_context())
    return name.strip().replace("-", "_"), value.strip()


def _value(deed: Deed, name: str, text: str) -> Any:
    """Dates as people write them, everything else as text for the engine to read."""
    if not text:
        return None
    if name in _DAYS:
        return deed.place.day(text).isoformat()
    if name in _INSTANTS:
        return deed.place.moment(text).isoformat()
    return text

"""Put right what was recorded: the log keeps the event, every fold from here on sees the correction."""

from __future__ import annotations

from typing import Any

import click

from mentorcycle.domain.vocabulary import CorrectionReason

from ..choices import choice
from .deed import Deed, on_cycle

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

    EVENT is its number in the cycle, as `audit log REF` shows it: `cycle correct c-7f3k 12 --set minutes=45
    --reason typing-error`. Words, people and stages are not corrected but recorded anew. An empty value clears.
    """
    from mentorcycle.domain.commands import Correct

    values = {name: _value(deed, name, value) for name, value in map(_field, fields)}
    taken = deed.take(Correct(deed.cycle, event, reason, values))
    changed = ", ".join(f"{name}={'' if value is None else value}" for name, value in values.items())
    taken.say(f"event {event} of {deed.label} is corrected: {changed}", part=str(event))


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

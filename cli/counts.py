"""How many cycles stand where, in a table of stages and statuses."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mentorcycle.domain.vocabulary import Status

from .columns import Column
from .sides import counted

if TYPE_CHECKING:
    from .store import Place

At = int | datetime | None
STATUSES = tuple(status.value for status in Status)


def write_counts(
    place: Place,
    *,
    at: At = None,
    programme: str | None = None,
    people: Collection[str] = (),
    statuses: Collection[Status] = (),
    stages: Collection[str] = (),
) -> None:
    """A row for each stage, in the order of the definition, with a column for each status."""
    counts = place.queries.counts(place.actor, programme=programme, people=people, at=at)
    found = [
        c for c in counts if (not statuses or c.status in statuses) and (not stages or c.stage in stages)
    ]
    order = [s.name for d in place.queries.published(place.programme) for s in d.stages]
    named = [stage for stage in order if not stages or stage in stages]
    rows: list[dict[str, Any]] = []
    for stage in dict.fromkeys([*named, *(c.stage for c in found)]):
        here = [c for c in found if c.stage == stage]
        by_status = {status: sum(c.cycles for c in here if c.status.value == status) for status in STATUSES}
        rows.append({"stage": stage, **by_status, "total": sum(by_status.values())})
    total = sum(c.cycles for c in found)
    numbers = [Column(key, right=True, human=lambda n: str(n or "")) for key in (*STATUSES, "total")]
    head = place.queries.head()
    position = head if at is None else min(place.queries.position(at) or 0, head)
    place.session.out.rows(
        "counts/1",
        [Column("stage", keep=True), *numbers],
        rows if total else [],
        footer=counted(total, "cycle") if total else "",
        empty=nothing(at, 0, filtered=bool(statuses or stages or people)),
        as_of=place.session.now() if at is None else at,
        facts={"total": total, "position": position, "head": head},
    )


def nothing(at: At, total: int, *, filtered: bool) -> str:
    """What is said in place of no cycles."""
    if total:
        return f"no more: that was the last of {counted(total, 'cycle')}"
    if filtered:
        return "no cycle is like that: mentorcycle list --counts shows where cycles are"
    then = " then" if at is not None else ": mentorcycle pair publish, then mentorcycle cycle open"
    return f"no cycles{then}"

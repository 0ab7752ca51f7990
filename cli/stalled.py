"""`stalled`: active cycles that have not moved on within the allowance of their stage. Not those past a due date."""

from __future__ import annotations

from . import options
from .session import Session, command


@command()
@options.as_of
@options.limit
@options.exit_code
def stalled(session: Session, as_of: str | None, limit: int, exit_code: bool) -> object:
    """List cycles that have not moved on for too long.

    Each stage allows a number of school days, without pauses. Which cycles are past a due date, `list` shows.
    """
    from .columns import Column
    from .exits import ExitCode
    from .sides import counted, names_of, people_of, short_day
    from .store import reading

    with reading(session) as place:
        at = place.at(as_of)
        day = place.day_of(at)
        programme = place.queries.programme(place.programme.id or place.programme_id, at=at)
        found = place.queries.stalled(place.actor, programme, day, at=at)
        shown = found[:limit]
        names = names_of(place, [one.row for one in shown])
        labels = place.labels(one.row.cycle for one in shown)
        rows = [
            {
                "id": one.row.cycle,
                "name": people_of(one.row, names),
                "stage": one.row.stage,
                "since": programme.day(one.row.since),
                "elapsed": one.elapsed,
                "allowance": one.allowance,
                "mentees": one.row.mentees,
                "mentors": one.row.mentors,
            }
            for one in shown
        ]
        first = f"\nnext: mentorcycle next {place.label(shown[0].row.cycle)}" if shown else ""
        session.out.rows(
            "stalled/1",
            [
                Column("id", "cycle", keep=True, human=lambda id: labels[id]),
                Column("name", "mentee / mentor"),
                Column("stage", keep=True),
                Column("since", keep=True, human=lambda since: short_day(since, day)),
                Column("elapsed", "school days", right=True, keep=True, colour=lambda _: "yellow"),
                Column("allowance", "allowed", right=True, keep=True),
                Column("mentees", in_table=False),
                Column("mentors", in_table=False),
            ],
            rows,
            footer=f"{len(shown)} of {counted(len(found), 'stalled cycle')}{first}" if rows else "",
            empty="nothing is stalled",
            as_of=session.now() if at is None else at,
            facts={"total": len(found)},
        )
    return ExitCode.ATTENTION if exit_code and found else None

"""Which indexes PostgreSQL takes for a question while it knows nothing of the tables: the plan that it keeps."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from mentorcycle.engine.readers.postgres_connection import PostgresConnection
from mentorcycle.projections.connection import worded
from mentorcycle.projections.cycles import CycleQueries
from mentorcycle.projections.cycles.fold import CLOSE
from mentorcycle.projections.cycles.fold import LOAD as CYCLES_LOAD
from mentorcycle.projections.cycles.search import ALL_OPEN, ALL_OVER
from mentorcycle.projections.cycles.tally import LAST
from mentorcycle.projections.minutes import MinutesQueries
from mentorcycle.projections.people import PeopleQueries
from mentorcycle.projections.people.fold import LOAD as PEOPLE_LOAD
from mentorcycle.projections.people.fold import STANDING
from mentorcycle.projections.trail import TrailQueries
from mentorcycle.projections.trail.queries import AT_ONCE

DAY = datetime(2026, 9, 1, tzinfo=UTC)
ROWS = {"cycles_head_1_pkey", "cycles_span_1_pkey", "cycles_mark_1_pkey"}


class Planned(PostgresConnection):
    """Says for every query by which indexes it would go, and with what conditions."""

    def __init__(self, raw: Any) -> None:
        super().__init__(raw)
        self.plans: list[str] = []

    def execute(self, statement: str, values: Any = (), /) -> Any:
        numbers = iter(range(1, 100))
        generic = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
        rows = self.raw.execute(f"EXPLAIN (GENERIC_PLAN, COSTS OFF) {generic}").fetchall()
        self.plans.append("\n".join(line for (line,) in rows))
        return super().execute(statement, values)


def indexes(plans):
    return {name for plan in plans for name in re.findall(r"using (\w+)", plan)}


QUESTIONS = {
    "a list": (lambda c: CycleQueries(c, 1).page("t"), ROWS | {"cycles_by_opening_1"}),
    "a list as of a position": (lambda c: CycleQueries(c, 1).page("t", position=9), ROWS | {"cycles_by_opening_1"}),
    "cycles of people": (lambda c: CycleQueries(c, 1).page("t", people=["p"]), ROWS | {"cycles_member_1_pkey"}),
    "one cycle": (lambda c: CycleQueries(c, 1).one("t", "c", position=9), ROWS | {"cycles_by_id_1"}),
    "counts": (lambda c: CycleQueries(c, 1).counts("t"), {"cycles_buckets_1", "cycles_tally_1_pkey"}),
    "one person": (lambda c: PeopleQueries(c, 1).one("t", "p"), {"people_by_id_1"}),
    "some people": (lambda c: PeopleQueries(c, 1).many("t", ["p"]), {"people_by_id_1"}),
    "people by name": (lambda c: PeopleQueries(c, 1).page("t"), {"people_by_name_1"}),
    "people of a name": (
        lambda c: PeopleQueries(c, 1).named("t", "a b"),
        {"people_word_1_pkey", "people_person_1_pkey"},
    ),
    "who mentors most": (lambda c: PeopleQueries(c, 1).workload("t"), {"people_mentoring_1"}),
    "minutes of a period": (lambda c: MinutesQueries(c, 1).totals("t", "kind", since=DAY), {"minutes_by_time_1"}),
    "minutes of a cycle": (
        lambda c: MinutesQueries(c, 1).acts("t", cycle="c"),
        {"minutes_cycles_1", "minutes_by_cycle_1", "minutes_team_1_pkey"},
    ),
    "minutes of people": (
        lambda c: MinutesQueries(c, 1).totals("t", "kind", people=["p"]),
        {"minutes_member_1_pkey", "minutes_by_cycle_1"},
    ),
    "events of positions": (lambda c: TrailQueries(c, 1).page("t", positions=[1]), {"trail_event_1_pkey"}),
    "events of a batch": (lambda c: TrailQueries(c, 1).page("t", batch="b"), {"trail_by_batch_1"}),
    "batches": (lambda c: TrailQueries(c, 1).batches("t"), {"trail_batches_1"}),
    "a batch": (lambda c: TrailQueries(c, 1).batches_beginning("t", "b"), {"trail_batch_1_pkey"}),
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_goes_by_the_indexes_that_are_meant(postgres, question):
    ask, meant = QUESTIONS[question]
    planned = Planned(postgres.raw)
    ask(planned)
    assert indexes(planned.plans) == meant
    assert not any("Seq Scan" in plan for plan in planned.plans)


STATEMENTS = {
    "cycles to fold": (CYCLES_LOAD, {"cycles_by_id_1", "cycles_span_1_pkey"}),
    "people to fold": (PEOPLE_LOAD, {"people_by_id_1"}),
    "spans to close": (CLOSE, {"cycles_span_1_pkey"}),
    "people to change": (STANDING, {"people_person_1_pkey"}),
    "counts to go on from": (LAST, {"cycles_tally_1_pkey"}),
    "cycles that stand in buckets": (ALL_OPEN, {"cycles_open_1"}),
    "cycles that stood in lanes": (ALL_OVER, {"cycles_over_1"}),
    "events of kinds": (AT_ONCE.format(key="kind", conditions="", order="DESC"), {"trail_by_kind_1"}),
    "events of an actor": (
        AT_ONCE.format(key="heap", conditions="AND who = ?", order="DESC"),
        {"trail_by_actor_1"},
    ),
}


@pytest.mark.parametrize("what", STATEMENTS)
def test_a_statement_goes_by_the_index_that_is_meant(postgres, what):
    statement, meant = STATEMENTS[what]
    planned = Planned(postgres.raw)
    text = worded(statement, postgres.dialect, 1)
    planned.execute(text, [None] * text.count("?"))
    assert indexes(planned.plans) == meant

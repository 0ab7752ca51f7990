"""The table of `docs/scale.md` is the one that comes out, and grows with what it is reckoned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from .scale.costs import Costs, known
from .scale.load import Load, busiest_second, lived
from .scale.table import asked, databases, table

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"


@pytest.fixture(scope="module")
def load() -> Load:
    return lived()


@pytest.fixture(scope="module")
def costs() -> Costs:
    return known()


def test_the_page_says_what_comes_out(load: Load, costs: Costs) -> None:
    page = PAGE.read_text("utf-8")
    assert asked(load) in page.replace("\n", " ")
    assert table(load, costs) in page


def test_a_server_that_is_slower_or_holds_less_makes_more_of_them(load: Load, costs: Costs) -> None:
    everybody = 85_000_000
    usual = databases(load, costs, everybody)
    slow = replace(costs, speeds=replace(costs.speeds, commands=costs.speeds.commands / 20))
    large = replace(costs, bytes=replace(costs.bytes, log=costs.bytes.log * 20))
    assert databases(load, costs, 200) == 1
    assert usual > 1
    assert databases(load, slow, everybody) > usual
    assert databases(load, large, everybody) > usual


def test_the_busiest_second_of_independent_commands_lies_above_their_mean() -> None:
    assert [busiest_second(mean, hours=2) > mean for mean in (0.01, 1.0, 500.0)] == [True] * 3
    assert busiest_second(500.0, hours=2) < 600

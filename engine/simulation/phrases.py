"""What people write in the simulated year: sentences drawn from `phrases.toml`, by teaching area."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, TypeVar

from mentorcycle.domain.vocabulary import CollectionMethod, Direction, TeachingArea, Unit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AreaPhrases:
    """What can be said in one teaching area: a goal with its measure, and texts about lessons."""

    statement: str
    measure: str
    unit: Unit
    before: tuple[int, int]
    target: int
    focus: tuple[str, ...]
    methods: tuple[CollectionMethod, ...]
    evidence: tuple[str, ...]
    strengths: tuple[str, ...]
    growth: tuple[str, ...]
    steps: tuple[str, ...]
    achievement: str

    @property
    def direction(self) -> Direction:
        return Direction.INCREASE if self.target > self.before[1] else Direction.DECREASE


@cache
def of_area(area: TeachingArea) -> AreaPhrases:
    """The phrases of a teaching area."""
    said: dict[str, Any] = _bank()["area"][area.value]
    low, high = said["from"]
    return AreaPhrases(
        said["statement"],
        said["measure"],
        Unit(said["unit"]),
        (low, high),
        said["to"],
        tuple(said["focus"]),
        tuple(CollectionMethod(method) for method in said["methods"]),
        tuple(said["evidence"]),
        tuple(said["strengths"]),
        tuple(said["growth"]),
        tuple(said["steps"]),
        said["achievement"],
    )


def one_of(kind: str, rng: Random) -> str:
    """One of the phrases that fit in any area, numbers filled in."""
    return filled(rng.choice(_bank()["any"][kind]), rng)


def filled(phrase: str, rng: Random) -> str:
    """The phrase with a number that could have been counted in a lesson."""
    return phrase.replace("{n}", str(rng.randint(5, 24)))


def some(options: Sequence[T], rng: Random, most: int) -> tuple[T, ...]:
    """One to `most` of the options, each once."""
    return tuple(rng.sample(options, rng.randint(1, min(most, len(options)))))


@cache
def _bank() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "phrases.toml").read_text("utf-8"))

"""Options that carry a number which can be reckoned with: `nan` and `inf` are numbers to Python, and to no goal."""

from __future__ import annotations

from math import isfinite
from typing import Any

import click


class Number(click.types.FloatParamType):
    """A finite number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not isfinite(number):
            self.fail(
                f"{value!r} is no number that can be reached or compared; give one such as 80", param, ctx
            )
        return number


NUMBER = Number()

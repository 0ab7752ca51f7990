"""The five questions a goal should pass, as one option: the names of those answered with yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mentorcycle.domain.events import Peers

_QUESTIONS = ("powerful", "easy", "emotionally-compelling", "reachable", "student-focused")


class PeersType(click.ParamType["Peers"]):
    """`powerful,reachable`, `all` or `none`; a question that is not named is answered with no."""

    name = "peers"
    help = f"What the goal is: {', '.join(_QUESTIONS)}; or all, or none."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Peers:
        from mentorcycle.domain.events import Peers

        if isinstance(value, Peers):
            return value
        named = {part.strip().casefold().replace("_", "-") for part in str(value).split(",")} - {""}
        if named in ({"all"}, {"none"}):
            named = set(_QUESTIONS) if "all" in named else set()
        if unknown := sorted(named - set(_QUESTIONS)):
            self.fail(f"{unknown[0]!r} is not one of {', '.join(_QUESTIONS)}.", param, ctx)
        return Peers(*(question in named for question in _QUESTIONS))


PEERS = PeersType()

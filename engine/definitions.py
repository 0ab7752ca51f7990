"""Definitions by what a cycle pins: parsed once from the text that was published."""

from __future__ import annotations

from mentorcycle.domain.definition import Definition, DefinitionRef, parse, shipped
from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.domain.programme import Programme

DEFAULT = "peer-cycle"


class Definitions:
    """Parsed definitions of one engine, by digest."""

    def __init__(self) -> None:
        self._parsed: dict[str, Definition] = {}

    def pinned(self, ref: DefinitionRef, programme: Programme) -> Definition:
        """The definition that a cycle pins; raise `StoreUnavailable` when its programme never published it."""
        known = self._parsed.get(ref.digest)
        if known is not None:
            return known
        source = programme.published.get(ref)
        if source is None:
            raise StoreUnavailable(
                f"{ref} is not in the log",
                f"programme {programme.id} has no event that published it with digest {ref.digest[:12]}",
                "run: mentorcycle audit verify",
            )
        return self._remember(parse(source, str(ref), published=True))

    def wanted(self, name: str, programme: Programme) -> Definition | None:
        """The published definition called `name` or `name@version`; empty asks for the programme's default."""
        ref = programme.find_definition(name or DEFAULT)
        if ref is None and not name and programme.published:
            ref = list(programme.published)[-1]
        return self.pinned(ref, programme) if ref else None

    def default(self, programme: Programme) -> Definition:
        """The programme's default, or the shipped one when it has published none."""
        return self.wanted("", programme) or self._remember(shipped())

    def _remember(self, definition: Definition) -> Definition:
        self._parsed[definition.digest] = definition
        return definition

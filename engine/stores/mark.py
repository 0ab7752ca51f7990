"""What a log keeps of the copy that made it, in its `meta`: also what keeps everybody from an unfinished one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self

from mentorcycle.domain.errors import CopyUnfinished

UNFINISHED, FINISHED = "copying", "copied"
"""Keys of `meta`; only one of them is there."""


@dataclass(frozen=True, slots=True)
class Mark:
    """From where a copy is, whose first event, how far it is, of how many; `last` is for the target's own use.

    `founded` tells logs apart: the digest of the source's first event, empty while it had none.
    """

    source: str
    founded: str
    position: int
    of: int
    last: int

    def text(self) -> str:
        """As it is kept; equal marks have equal texts."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Self:
        """From what was kept."""
        return cls(**json.loads(text))


def check_finished(kept: str | None, store: str, url: str) -> None:
    """Raise `CopyUnfinished` for a log that has a mark of an unfinished copy; `url` is how to name it."""
    if kept is not None:
        mark = Mark.read(kept)
        raise CopyUnfinished(store, mark.source, url, mark.position, mark.of)

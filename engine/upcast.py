"""How a payload stored under an older schema version becomes the present one.

One function a step: (event name, version) -> a function from that version's payload map to the next one's.
A stored event is never edited; golden bytes in the tests hold every old form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: dict[tuple[str, int], Upcast] = {}


def upcast(name: str, version: int) -> Callable[[Upcast], Upcast]:
    """Register the step from `version` of event `name` to the next one; ValueError when it is taken."""

    def register(step: Upcast) -> Upcast:
        if (name, version) in UPCASTS:
            raise ValueError(f"two steps bring {name} from version {version}")
        UPCASTS[name, version] = step
        return step

    return register

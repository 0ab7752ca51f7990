"""Long folds without the cyclic garbage collector. They make no cycles and keep nearly all they make.

Not for anything that waits, or that runs code of a host.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within, the collector does not go over live events and states, again and again as they become more."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

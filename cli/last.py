"""What `@last` stands for, remembered from one command to the next, apart for each store and tenant.

A small file of ids under the XDG state folder. It is a convenience: when it cannot be read or written, nothing fails.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path


def remember(id_: str, store: str, tenant: str | None, environ: Mapping[str, str]) -> None:
    """Make `@last` mean this id in that store."""
    path = _file(environ)
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.write_text(json.dumps({**_read(path), _key(store, tenant): id_}), "utf-8")
        fresh.replace(path)


def recall(store: str, tenant: str | None, environ: Mapping[str, str]) -> str | None:
    """The id that was remembered last in that store."""
    return _read(_file(environ)).get(_key(store, tenant))


def _file(environ: Mapping[str, str]) -> Path:
    folder = Path(environ.get("XDG_STATE_HOME", ""))
    if not folder.is_absolute():  # the XDG rules say that a relative one is ignored
        folder = Path(environ.get("HOME") or Path.home()) / ".local" / "state"
    return folder / "mentorcycle" / "last.json"


def _read(path: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text("utf-8"))
        if isinstance(found, dict):
            return {str(key): str(value) for key, value in found.items()}
    return {}


def _key(store: str, tenant: str | None) -> str:
    """A digest: the URL of a store may hold a password. A relative SQLite path is one of this folder."""
    place = f"{Path.cwd()}\n{store}" if store.startswith("sqlite:///") and store[10:11] != "/" else store
    return sha256(f"{place}\n{tenant or ''}".encode()).hexdigest()[:16]

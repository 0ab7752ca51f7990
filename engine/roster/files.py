"""Opening what a path names, with errors that say what was wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mentorcycle.domain.errors import InvalidInput

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file that may be CSV; `InvalidInput` for none, an unreadable one or a workbook."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise InvalidInput(f"there is no file {path}", "", "check the path") from None
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be opened", reason(error), "pass a readable file") from None
    with stream:
        try:
            refuse_workbook(path, stream.read(4))
            stream.seek(0)
            yield stream
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read", reason(error), "pass a readable file") from None


def refuse_workbook(path: Path, head: bytes) -> None:
    """Raise `InvalidInput` for what a spreadsheet program keeps for itself."""
    if head == _OLD_EXCEL or (head == _ZIP and path.suffix.lower() != ".zip"):
        raise workbook(path.name)
    if head == _ZIP:
        raise InvalidInput(f"{path.name} is a zip", "a CSV file was expected", "unpack it")


def workbook(name: str) -> InvalidInput:
    """What to say of a spreadsheet."""
    return InvalidInput(
        f"{name} is a workbook of a spreadsheet program",
        "rosters are read from CSV",
        "in the spreadsheet choose Save As, “CSV UTF-8”",
    )


def reason(error: Exception) -> str:
    """What the system says, without the path."""
    return error.strerror or "" if isinstance(error, OSError) else str(error)

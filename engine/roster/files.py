"""Opening what a path names, with errors that say what was wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from mentorcycle.domain.errors import InvalidInput, NoSuchFile

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """The bytes of a file; `NoSuchFile` for none, `InvalidInput` for one that cannot be read."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise NoSuchFile(str(path)) from None
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be opened", reason(error), "pass a readable file") from None
    with stream:
        try:
            yield stream
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read", reason(error), "pass a readable file") from None


@contextmanager
def opened_csv(path: Path) -> Iterator[BufferedReader]:
    """As `opened`, and `InvalidInput` for what a spreadsheet program keeps for itself, or a zip."""
    with opened(path) as stream:
        head = stream.peek(4)[:4]
        if head in (_OLD_EXCEL, _ZIP):
            raise workbook(path.name)
        yield stream


def is_package(path: Path) -> bool:
    """Whether a path names a folder or a zip, by its first bytes or its name."""
    if path.is_dir() or path.suffix.lower() == ".zip":
        return True
    if not path.is_file():
        return False
    with opened(path) as stream:
        return stream.read(4) == _ZIP


def called(path: Path) -> str:
    """The last name in a path; that of the folder itself for `.` and `..`."""
    return (path.resolve().name if path.name in ("", "..") else path.name) or str(path)


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

"""A set of files that travels together: a folder or a zip, read in place and never unpacked."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from mentorcycle.domain.errors import InvalidInput, NoSuchFile

from .files import called, reason, workbook
from .text import Readable

MOST_ENTRIES = 1000
MOST_BYTES = 1 << 31
SUSPECT_BYTES = 1 << 26
MOST_RATIO = 200
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError)


class Package:
    """Files by their names in lower case, all in one folder; opened one at a time."""

    def __init__(self, name: str, files: Mapping[str, str], open_: Callable[[str], BinaryIO]) -> None:
        self.name = name
        self._files = files
        self._open = open_

    def __contains__(self, file: str) -> bool:
        return file.lower() in self._files

    def real_name(self, file: str) -> str:
        """The name as it is written in the folder or zip."""
        return self._files[file.lower()].rpartition("/")[2]

    def open(self, file: str) -> _Guarded:
        """The bytes of a file, as a context manager; damage on the way becomes `InvalidInput`."""
        real = self._files[file.lower()]
        with _damage_told(f"{self.name}: {real}"):
            return _Guarded(self._open(real), f"{self.name}: {real}")


class _Guarded(Readable):
    """A stream that fails with words."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name

    def __enter__(self) -> Readable:
        return self

    def __exit__(self, _: type[BaseException] | None, __: object, ___: TracebackType | None) -> None:
        self._stream.close()

    def read(self, size: int, /) -> bytes:
        with _damage_told(self._name):
            return self._stream.read(size)


@contextmanager
def _damage_told(name: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise InvalidInput(f"{name} is damaged", str(error), "export or download it again") from None
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{name} cannot be read", reason(error), "pass a readable file") from None


@contextmanager
def opened_package(path: Path) -> Iterator[Package]:
    """The set of files in a folder or a zip; `InvalidInput` for what is neither, or not safe to read.

    `NoSuchFile` when nothing is there.
    """
    if path.is_dir():
        yield _folder(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise NoSuchFile(str(path), "folder or zip") from None
    except (*_DAMAGE, OSError, ValueError) as error:
        fix = "export or download it again"
        raise InvalidInput(f"{path.name} is not a zip that can be read", reason(error), fix) from None
    with closing(archive):
        yield _zip(path.name, archive)


def _folder(path: Path) -> Package:
    try:
        found = {each.name: each for each in path.iterdir()}
        inner = [each for each in found.values() if each.is_dir() and not _hidden(each.name)]
        if len(inner) == 1 and not any(each.suffix.lower() == ".csv" for each in found.values()):
            found = {each.name: each for each in inner[0].iterdir()}
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read", reason(error), "pass a readable folder") from None
    files = _by_lower_name(called(path), [name for name, each in found.items() if each.is_file()])
    return Package(called(path), files, lambda name: found[name].open("rb"))


def _zip(name: str, archive: zipfile.ZipFile) -> Package:
    entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
    if len(entries) > MOST_ENTRIES:
        raise InvalidInput(
            f"{name} has {len(entries)} files in it", "a set has fewer than 30", "check the zip"
        )
    for entry in entries:
        _refuse_unsafe(name, entry)
    names = [entry.filename for entry in entries]
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise workbook(name)
    if (size := sum(entry.file_size for entry in entries)) > MOST_BYTES:
        raise InvalidInput(f"{name} unpacks to {size >> 20} MiB", "up to 2048 MiB are read", "check the zip")
    tables = [each for each in names if each.lower().endswith(".csv") and not _hidden(each)]
    folders = sorted({each.rpartition("/")[0] for each in tables})
    if len(folders) > 1 or any("/" in folder for folder in folders):
        shown = ", ".join(folder or "the top" for folder in folders[:5])
        raise InvalidInput(
            f"{name} has CSV files in {shown}", "a set lies in one folder", "zip one set alone"
        )
    return Package(name, _by_lower_name(name, tables), lambda each: cast(BinaryIO, archive.open(each)))


def _refuse_unsafe(name: str, entry: zipfile.ZipInfo) -> None:
    parts = entry.filename.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or ":" in parts[0]:
        why = "a name in it leads out of its folder"
        raise InvalidInput(f"{name} is not safe to read", why, "do not use this file")
    if entry.flag_bits & 1:
        raise InvalidInput(
            f"{name} is encrypted", "it cannot be read without its password", "unpack it first"
        )
    if entry.file_size > SUSPECT_BYTES and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
        why = f"an entry of {entry.compress_size} bytes unpacks to {entry.file_size >> 20} MiB"
        raise InvalidInput(f"{name} is not safe to read", why, "do not use this file")


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__")) for part in name.split("/"))


def _by_lower_name(package: str, names: list[str]) -> dict[str, str]:
    files: dict[str, str] = {}
    for name in sorted(names):
        lower = name.rpartition("/")[2].lower()
        if lower in files:
            why = f"both {files[lower]} and {name} are there"
            raise InvalidInput(f"{package} has {lower} twice", why, "keep one of them")
        files[lower] = name
    return files

"""From bytes to physical lines: which encoding it is, and where exactly it is not."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple, Protocol

from mentorcycle.domain.errors import InvalidInput

CHUNK = 1 << 18
LONGEST_LINE = 1 << 20
LARGEST_UTF16 = 1 << 28
SAVE_AS = "save it as “CSV UTF-8”"


class Readable(Protocol):
    """Something that gives its next bytes, and none at its end."""

    def read(self, size: int, /) -> bytes: ...


class Fault(NamedTuple):
    """Why a line cannot be taken, and what to do; no word of its content."""

    what: str
    suggestion: str


class Line(NamedTuple):
    """A physical line with its line break; a `fault` means that `text` is a guess."""

    number: int
    text: str
    fault: Fault | None


def physical_lines(stream: Readable, file: str) -> Iterator[Line]:
    """Lines of UTF-8, with or without BOM, or of UTF-16 with BOM; `InvalidInput` for what is no text.

    A line that is not UTF-8 comes as Windows-1252 would have it, with a fault that names byte and offset.
    """
    head = stream.read(4)
    while len(head) < 4 and (more := stream.read(4 - len(head))):
        head += more
    if not head:
        raise InvalidInput(f"{file} is empty", "there is not even a header in it", "check the export")
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise InvalidInput(f"{file} is UTF-32", "UTF-8 and UTF-16 are read", SAVE_AS)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _lines(BytesIO(_from_utf16(head, stream, file)), b"", 0, file)
    if len(head) == 4 and (head[0::2] == b"\0\0") != (head[1::2] == b"\0\0"):
        raise InvalidInput(
            f"{file} looks like UTF-16 without a byte order mark", "every other byte is zero", SAVE_AS
        )
    if head.startswith(codecs.BOM_UTF8):
        return _lines(stream, head[3:], 3, file)
    return _lines(stream, head, 0, file)


def _from_utf16(head: bytes, stream: Readable, file: str) -> bytes:
    parts = [head]
    size = len(head)
    while chunk := stream.read(CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST_UTF16:
            raise InvalidInput(f"{file} is larger than 256 MiB of UTF-16", "", SAVE_AS)
    whole = b"".join(parts)
    try:
        return whole.decode("utf-16").encode()
    except UnicodeDecodeError as error:
        before = whole[: error.start].decode("utf-16", "ignore")
        line = before.count("\n") + (before.count("\r") - before.count("\r\n")) + 1
        raise InvalidInput(
            f"{file} line {line} is not UTF-16 at byte offset {error.start}", error.reason, SAVE_AS
        ) from None


def _lines(stream: Readable, head: bytes, offset: int, file: str) -> Iterator[Line]:
    for number, raw in enumerate(_raw_lines(stream, head, file), start=1):
        try:
            yield Line(number, raw.decode(), None)
        except UnicodeDecodeError as error:
            yield Line(number, _guess(raw), _not_utf8(raw, error, offset))
        offset += len(raw)


def _raw_lines(stream: Readable, rest: bytes, file: str) -> Iterator[bytes]:
    number = 1
    while chunk := stream.read(CHUNK):
        pieces = (rest + chunk).splitlines(keepends=True)
        rest = pieces.pop()  # it may go on, or its CR may be half of a CR LF
        yield from pieces
        number += len(pieces)
        if len(rest) > LONGEST_LINE:
            raise InvalidInput(
                f"{file} line {number} is longer than a mebibyte",
                "a roster has a line for each person",
                "check that this is a CSV file",
            )
    yield from rest.splitlines(keepends=True)


def _not_utf8(raw: bytes, error: UnicodeDecodeError, offset: int) -> Fault:
    what = f"byte 0x{raw[error.start]:02X} at byte offset {offset + error.start} is not UTF-8"
    try:
        raw.decode("cp1252")
    except UnicodeDecodeError:
        return Fault(what, SAVE_AS)
    return Fault(what, f"it looks like Windows-1252: {SAVE_AS}")


def _guess(raw: bytes) -> str:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode(errors="replace")

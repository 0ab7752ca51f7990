"""What is opened is closed at the end of a `with` block, also when it ends by an error."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """A base for whatever has a `close`."""

    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """Give back what was opened; a second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

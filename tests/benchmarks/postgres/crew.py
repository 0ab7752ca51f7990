"""Processes that do the same thing at the same time, each with a connection and a share of its own.

They stay over all rounds and rest while others have their turn. A turn lasts from the word to begin to the last end.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, process_time
from typing import IO, Any

import psutil

from .contestants import CONTESTANTS

ROOT = Path(__file__).parents[3]


class Crew:
    """`size` processes of one contestant; `served` tells the processor time that the server has taken so far.

    Of turns of so many processes, `own` is the processor time that they took, `spent` that of the server as well, and
    `done` the number of their operations.
    """

    def __init__(self, name: str, size: int, served: Callable[[], float], given: Mapping[str, Any]) -> None:
        self.spent: dict[int, float] = defaultdict(float)
        self.own: dict[int, float] = defaultdict(float)
        self.done: dict[int, int] = defaultdict(int)
        self._served = served
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.postgres.crew"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
            )
            for _ in range(size)
        ]
        self._tell(self._processes, [(name, dict(given))] * size)

    def turn(self, shares: Sequence[Any]) -> tuple[int, float]:
        """Let as many processes as there are shares do theirs; how many operations, and the seconds for all."""
        busy = self._processes[: len(shares)]
        self._tell(busy, shares)
        served = self._served()
        start = monotonic()
        for process in busy:
            _send(process.stdin, None)
        answers = [_heard(process.stdout) for process in busy]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        count = sum(count for count, _, _ in answers)
        own = sum(mine for _, mine, _ in answers)
        self.own[len(shares)] += own
        self.spent[len(shares)] += self._served() - served + own
        self.done[len(shares)] += count
        return count, max(end for _, _, end in answers) - start

    def taken(self) -> float:
        """Seconds of processor time that the processes have taken since they began."""
        times = [psutil.Process(process.pid).cpu_times() for process in self._processes]
        return sum(one.user + one.system for one in times)

    def close(self) -> None:
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.close()
        for process in self._processes:
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _tell(self, processes: Sequence[subprocess.Popen[bytes]], words: Sequence[Any]) -> None:
        """Say something to each, and wait until all are ready."""
        for process, word in zip(processes, words, strict=True):
            _send(process.stdin, word)
        for process in processes:
            answer = _heard(process.stdout)
            if isinstance(answer, Exception):
                raise answer


@contextmanager
def crew(name: str, size: int, served: Callable[[], float], **given: Any) -> Iterator[Crew]:
    """A crew, until the end of the block."""
    made = Crew(name, size, served, given)
    try:
        yield made
    finally:
        made.close()


def _send(stream: IO[bytes] | None, word: Any) -> None:
    assert stream is not None
    pickle.dump(word, stream)
    stream.flush()


def _heard(stream: IO[bytes] | None) -> Any:
    assert stream is not None
    return pickle.load(stream)


def _work(ears: IO[bytes], mouth: IO[bytes]) -> None:
    """What a process of a crew does until nobody speaks to it any more."""
    try:
        name, given = _heard(ears)
        contestant = CONTESTANTS[name](**given)
        _send(mouth, None)
        while True:
            work = contestant.prepared(_heard(ears))
            _send(mouth, None)
            _heard(ears)
            busy = process_time()
            count = work()
            _send(mouth, (count, process_time() - busy, monotonic()))
    except EOFError:
        return
    except Exception as error:
        _send(mouth, RuntimeError(f"{type(error).__name__}: {error}"))
        raise


if __name__ == "__main__":
    mouth = sys.stdout.buffer
    sys.stdout = sys.stderr
    _work(sys.stdin.buffer, mouth)

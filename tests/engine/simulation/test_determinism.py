"""The same seed gives the same year, whatever the process, the hash seed and the store."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

AGAIN = Path(__file__).with_name("lived_again.py")


@pytest.fixture(scope="module")
def file() -> Iterator[Path]:
    """A new file, in memory where that can be: thousands of commits wait for no disk then."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder) / "year.db"


def test_a_seed_gives_the_same_bytes_whatever_the_hash_seed_and_the_store(file: Path) -> None:
    lives = [_lived("memory://", "1"), _lived(f"sqlite:///{file}", "2")]
    (first, _), (second, _) = told = [life.communicate(timeout=120) for life in lives]
    assert [life.returncode for life in lives] == [0, 0], told
    assert first == second


def _lived(url: str, hash_seed: str) -> "subprocess.Popen[str]":
    """A process that lives a year and prints the digest of all that is stored, and what came of it."""
    return subprocess.Popen(
        [sys.executable, str(AGAIN), url, "7"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

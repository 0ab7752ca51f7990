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


@pytest.fixture(scope="module")
def lives(file: Path) -> dict[str, str]:
    """What four processes print, each about the year that it lived."""
    asked = {
        "memory": ("memory://", "7", "1"),
        "memory again": ("memory://", "7", "2"),
        "sqlite": (f"sqlite:///{file}", "7", "3"),
        "other seed": ("memory://", "8", "1"),
    }
    running = {
        name: subprocess.Popen(
            [sys.executable, str(AGAIN), url, seed],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, (url, seed, hash_seed) in asked.items()
    }
    told = {name: process.communicate(timeout=120)[0] for name, process in running.items()}
    assert [process.returncode for process in running.values()] == [0, 0, 0, 0]
    return told


def test_a_seed_gives_the_same_bytes_whatever_the_hash_seed(lives: dict[str, str]) -> None:
    assert lives["memory"] == lives["memory again"]


def test_every_store_holds_the_same_year(lives: dict[str, str]) -> None:
    assert lives["sqlite"] == lives["memory"]


def test_another_seed_is_another_year(lives: dict[str, str]) -> None:
    assert lives["other seed"].split()[0] != lives["memory"].split()[0]

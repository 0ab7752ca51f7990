"""`python -m mentorcycle.cli` is the program `mentorcycle`."""

from .main import run

if __name__ == "__main__":
    run()

"""What platforms and this project test with: scenarios on the domain alone."""

from .specification import Decision, Scenario

__all__ = ["Decision", "Scenario"]

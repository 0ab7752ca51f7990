"""Every command of the program: its name, the place of its code, and its line in the help.

One line a command, in the order in which the help shows them. Nothing is imported until a command runs,
so help and completion cost no more than click. A command stands here when it works, not before.
"""

from __future__ import annotations

from .lazy import Branch, Leaf, Tree

TREE: Tree = {
    "completion": Leaf("mentorcycle.cli.completion:completion", "Print the completion script of a shell."),
    "version": Leaf("mentorcycle.cli.version:version", "Show the versions of the program and its parts."),
}

__all__ = ["TREE", "Branch", "Leaf"]

"""Commands that are named in a fix or a hint, with the store that was typed: pasted, they mean the same one.

What was said by a variable or a config holds for the next command anyway. No password is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from shlex import quote

from .lazy import Branch, Tree

_COMMAND = re.compile(r"\bmentorcycle((?: [a-z][a-z-]*)+)")
_WHERE = ("db", "tenant", "program")
_ELSEWHERE = ("db copy", "completion", "version")  # they take no store, or name theirs


def completed(text: str, flags: Mapping[str, str]) -> str:
    """The text with `--db`, `--tenant` and `--program` as they were typed in every command that is named in it."""
    typed = {name: flags[name] for name in _WHERE if flags.get(name)}
    if not typed or "mentorcycle " not in text:
        return text
    return "\n".join(_completed(line, typed) for line in text.split("\n"))


def _completed(line: str, typed: Mapping[str, str]) -> str:
    from .registry import TREE

    found = list(_COMMAND.finditer(line))
    parts, end = [], 0
    for number, command in enumerate(found):
        path = _path(command[1].split(), TREE)
        after = command.start() + len(f"mentorcycle {path}")
        following = found[number + 1].start() if number + 1 < len(found) else len(line)
        rest = line[after:following]
        if path and path not in _ELSEWHERE and not rest.startswith(" --help"):
            options = [f" --{name} {_said(name, typed[name])}" for name in typed if f"--{name} " not in rest]
            parts += [line[end:after], *options]
            end = after
    return "".join([*parts, line[end:]])


def _path(words: list[str], tree: Tree) -> str:
    """As many of the words as name a command, or a group of commands."""
    path: list[str] = []
    for word in words:
        if word not in tree:
            break
        path.append(word)
        entry = tree[word]
        tree = entry.commands if isinstance(entry, Branch) else {}
    return " ".join(path)


def _said(name: str, value: str) -> str:
    from mentorcycle.engine.url import typed_again

    return quote(typed_again(value) if name == "db" else value)

"""Groups that know their commands' names and help without importing them.

Not for the list of commands itself (see `registry`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import click

from .session import common_options, told_where

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Leaf(NamedTuple):
    """A command: `target` is `module:attribute`, `help` its one line in the group's help."""

    target: str
    help: str


class Branch(NamedTuple):
    """A group of commands; `alone` is the command that its name calls without another."""

    help: str
    commands: Tree
    alone: Leaf | None = None


Tree: TypeAlias = Mapping[str, Leaf | Branch]


class LazyGroup(click.Group):
    """A group over a tree; a command's module is imported when that command is called."""

    def __init__(self, name: str, tree: Tree, *, help: str, params: list[click.Parameter]) -> None:
        super().__init__(name, help=help, params=params)
        self.tree = tree

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with told_where(ctx):
            return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.tree)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands and cmd_name in self.tree:
            self.commands[cmd_name] = _load(cmd_name, self.tree[cmd_name])
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.tree:
            with formatter.section("Commands"):
                formatter.write_dl([(name, entry.help) for name, entry in self.tree.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=entry.help)
            for name, entry in self.tree.items()
            if name.startswith(incomplete)
        ]
        # Command's, not Group's: the latter would import every command to ask for its help
        return names + click.Command.shell_complete(self, ctx, incomplete)


def suggest(tree: Tree, misspelt: str) -> list[str]:
    """Full paths (`cycle open`) of the commands whose own name is what was typed, or nearly."""
    from difflib import get_close_matches

    paths = dict(_paths(tree))
    close = get_close_matches(misspelt, sorted(set(paths.values())), n=3, cutoff=0.65)
    return [path for name in close for path, leaf in paths.items() if leaf == name]


def leaves(tree: Tree, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    """Every command with the words that call it."""
    for name, entry in tree.items():
        if isinstance(entry, Branch):
            if entry.alone:
                yield (*above, name), entry.alone
            yield from leaves(entry.commands, (*above, name))
        else:
            yield (*above, name), entry


def _paths(tree: Tree, above: str = "") -> Iterator[tuple[str, str]]:
    for name, entry in tree.items():
        yield f"{above}{name}", name
        if isinstance(entry, Branch):
            yield from _paths(entry.commands, f"{above}{name} ")


def _load(name: str, entry: Leaf | Branch) -> click.Command:
    if isinstance(entry, Branch):
        if entry.alone:
            return _with_callback(name, entry, _load(name, entry.alone))
        return LazyGroup(name, entry.commands, help=entry.help, params=common_options(hidden=True))
    module, _, attribute = entry.target.partition(":")
    command = getattr(import_module(module), attribute)
    if not isinstance(command, click.Command):
        raise TypeError(f"{entry.target} is not a click command")
    command.short_help = entry.help
    return command


def _with_callback(name: str, entry: Branch, alone: click.Command) -> LazyGroup:
    """A group that does what a command does, unless one of its own is called."""
    group = LazyGroup(name, entry.commands, help=alone.help or entry.help, params=alone.params)
    group.invoke_without_command, group.no_args_is_help, group.epilog = True, False, alone.epilog
    group.short_help = entry.help

    def unless_another(**given: object) -> object:
        if click.get_current_context().invoked_subcommand is None and alone.callback is not None:
            return alone.callback(**given)
        return None

    group.callback = unless_another
    return group

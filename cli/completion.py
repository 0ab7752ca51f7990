"""`completion`: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click

from .session import Session, command


@command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(_session: Session, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash   mentorcycle completion bash > ~/.local/share/bash-completion/completions/mentorcycle
    zsh    mentorcycle completion zsh > "${fpath[1]}/_mentorcycle"
    fish   mentorcycle completion fish > ~/.config/fish/completions/mentorcycle.fish
    """
    from click.shell_completion import get_completion_class

    from .main import COMPLETE, PROGRAM

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(click.get_current_context().find_root().command, {}, PROGRAM, COMPLETE)
    # not `.source()`, which for bash starts a bash to ask its version
    click.echo(script.source_template % script.source_vars(), nl=False)

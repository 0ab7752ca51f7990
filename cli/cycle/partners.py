"""Who is in a cycle: change the partner, open the cycle that follows."""

from __future__ import annotations

import click

from .deed import Deed, on_cycle


@on_cycle()
@click.option("--leaves", metavar="PERSON", help="Who leaves the cycle.")
@click.option("--joins", metavar="PERSON", help="Who takes their place, in the same role.")
@click.option("--do-not-pair-again", is_flag=True, help="Never pair those two again.")
def rematch(deed: Deed, leaves: str | None, joins: str | None, do_not_pair_again: bool) -> None:
    """Change the partner, or ask for it.

    A participant asks (--as) and gives no reason: there is no place for one. A coordinator names who leaves and
    who joins; the cycle goes on, hours stay with whoever gave them, and goals are agreed anew.
    """
    from mentorcycle.domain.commands import AskRematch, Rematch

    if (leaves is None) != (joins is None) or (do_not_pair_again and leaves is None):
        raise click.UsageError("--leaves and --joins go together.", click.get_current_context())
    if leaves is None or joins is None:
        taken = deed.take(AskRematch(deed.cycle))
        who = deed.names([deed.place.actor.id])
        taken.say(f"{who} asks for another partner in {deed.label}")
        return
    out, come = deed.place.person(leaves), deed.place.person(joins)
    taken = deed.take(Rematch(deed.cycle, out, come, do_not_pair_again))
    joined, left = deed.names([come]), deed.names([out])
    taken.say(
        f"{joined} takes the place of {left} in {deed.label}",
        already=f"{joined} is in {deed.label}, {left} is not",
    )


@on_cycle()
def next_cycle(deed: Deed) -> None:
    """Open the cycle that follows.

    It follows a completed one and carries open goals and open action steps; words stay where they were written.
    """
    from mentorcycle.domain.commands import OpenNextCycle
    from mentorcycle.domain.ids import cycle_after

    taken = deed.take(OpenNextCycle(deed.cycle))
    following = cycle_after(deed.cycle)
    label = deed.place.label(following)
    taken.say(f"{label} follows {deed.label}")
    if not deed.dry_run:
        deed.place.session.remember(following)

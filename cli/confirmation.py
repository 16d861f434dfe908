"""Asking before something is changed."""

from __future__ import annotations

import typer

from llmctl.cli.console import Console


def require_a_way_to_ask(console: Console, yes: bool) -> None:
    """Refuse, before anything is begun, where nobody could be asked and nobody said yes beforehand."""
    if not yes and not console.interactive:
        console.error("There is no terminal to ask on, so nothing was done. Say --yes to go ahead without being asked.")
        raise typer.Exit(2)


def confirm(console: Console, question: str, *, yes: bool) -> None:
    """Ask, unless the answer was given beforehand. Raises Declined when it is a no."""
    from llmctl.infra.errors import Declined

    if not yes and not console.agrees(question):
        raise Declined("Nothing was changed.")

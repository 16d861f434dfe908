"""Parameters that several commands share, so that a word means the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application


def _stacks(incomplete: str) -> list[str]:
    """The stacks of the project around the current directory, for shell completion; none where there is no project."""
    from llmctl.infra.errors import InfraError

    try:
        names = Application().project().stack_names()
    except InfraError:
        return []
    return [name for name in names if name.startswith(incomplete)]


StackName = Annotated[
    str, typer.Argument(metavar="STACK", help="The stack: Pulumi.STACK.yaml in stacks/.", autocompletion=_stacks)
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where there is no terminal.")]
ForceUnlock = Annotated[
    bool, typer.Option("--force-unlock", help="Remove Pulumi's lock, even one taken on another host.")
]

"""The `llmctl` program: its commands, and what an error becomes.

| exit code | meaning                                                        |
|-----------|----------------------------------------------------------------|
| 0         | done                                                           |
| 1         | failed while working, or something was left                    |
| 2         | usage or settings error                                        |
| 6         | a preflight check or a guard refused                           |
| 7         | the answer was no                                              |
| 8         | drift or a changed plan (with --exit-code)                     |
| 130       | interrupted, state consistent                                  |
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.commands.chat import chat
from llmctl.cli.commands.config import config
from llmctl.cli.commands.connect import connect
from llmctl.cli.commands.down import down
from llmctl.cli.commands.engines import engines
from llmctl.cli.commands.env import env
from llmctl.cli.commands.history import history
from llmctl.cli.commands.images import images
from llmctl.cli.commands.init import init
from llmctl.cli.commands.keys import keys
from llmctl.cli.commands.kube_token import kube_token
from llmctl.cli.commands.logs import logs
from llmctl.cli.commands.preview import preview
from llmctl.cli.commands.rehearse import rehearse
from llmctl.cli.commands.render import render
from llmctl.cli.commands.scale import scale
from llmctl.cli.commands.setup import setup
from llmctl.cli.commands.size import size
from llmctl.cli.commands.stacks import stacks
from llmctl.cli.commands.status import status
from llmctl.cli.commands.up import up
from llmctl.cli.commands.version import version
from llmctl.cli.commands.why import why

COMMANDS = (
    setup,
    init,
    size,
    stacks,
    env,
    preview,
    rehearse,
    render,
    up,
    scale,
    down,
    status,
    why,
    chat,
    connect,
    logs,
    history,
    kube_token,
    version,
)
GROUPS = {"config": config, "engines": engines, "images": images, "keys": keys}


def application(app: Application) -> typer.Typer:
    """The command line over the given parts."""
    # Plain help: rich help costs 0.15 s at each start.
    line = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

    @line.callback()
    def llmctl(
        ctx: typer.Context,
        debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    ) -> None:
        """Open LLMs behind a private endpoint in an account you own, and nothing left that bills."""
        app.debug = debug
        ctx.obj = app

    for command in COMMANDS:
        line.command()(command)
    for name, group in GROUPS.items():
        line.add_typer(group, name=name)
    return line


def main() -> None:
    """Run llmctl."""
    sys.exit(run(Application(), sys.argv[1:]))


def run(app: Application, arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. A known error becomes one message; --debug shows its origin."""
    try:
        application(app)(list(arguments), prog_name="llmctl")
    except SystemExit as end:
        return int(end.code or 0)
    except Exception as error:  # noqa: BLE001  (a fault of ours is shown as one, and ends with 1)
        return explain(app, error)
    return 0


def explain(app: Application, error: Exception) -> int:
    """Show an error and return its exit code."""
    from llmctl.cli.exit_codes import exit_code, words

    code = exit_code(error)
    if code is None or app.debug:
        app.console.traceback(error)
    if code is None:
        app.console.error("This is a fault in llmctl. Please report it with the lines above.")
        return 1
    app.console.error(words(error))
    return code

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
from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.commands.chat import chat
from llmctl.cli.commands.config import config
from llmctl.cli.commands.down import down
from llmctl.cli.commands.env import env
from llmctl.cli.commands.history import history
from llmctl.cli.commands.init import init
from llmctl.cli.commands.logs import logs
from llmctl.cli.commands.preview import preview
from llmctl.cli.commands.setup import setup
from llmctl.cli.commands.stacks import stacks
from llmctl.cli.commands.status import status
from llmctl.cli.commands.up import up
from llmctl.cli.commands.version import version

COMMANDS = (setup, init, stacks, env, preview, up, down, status, chat, logs, history, version)


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
    line.add_typer(config, name="config")
    return line


def main() -> None:
    """Run llmctl. Errors that it knows become one message and an exit code; --debug shows where they came from."""
    app = Application()
    try:
        application(app)()
    except KeyboardInterrupt:
        app.console.error("Interrupted. Nothing was begun that was not ended.")
        sys.exit(130)
    except Exception as error:  # noqa: BLE001  (sorted out below; what is not known is raised again)
        sys.exit(explain(app, error))


def explain(app: Application, error: Exception) -> int:
    """Show an error of a known family and return its exit code. Raises what is not known."""
    from llmctl.cli.exit_codes import exit_code

    code = exit_code(error)
    if code is None or app.debug:
        app.console.traceback(error)
    if code is None:
        app.console.error("This is a fault in llmctl. Please report it with the lines above.")
        return 1
    if not isinstance(error, SystemExit):
        app.console.error(str(error))
    return code

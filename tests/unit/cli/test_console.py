from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from llmctl.cli.console import Console
from llmctl.infra.redaction import Redactor

KEY = "k" * 20 + "-" + "y" * 22


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """Stderr of a console that takes the log records of this process."""
    before = logging.getLogger().handlers[:]
    err = io.StringIO()
    console = Console(io.StringIO(), err, io.StringIO(), Redactor([KEY]))
    console.take_log_records(tracebacks=False)
    console.take_log_records(tracebacks=True)
    yield err
    logging.getLogger().handlers = before


def test_a_log_record_loses_its_secrets_in_message_arguments_and_traceback(said: io.StringIO) -> None:
    try:
        raise ValueError(f"bad key {KEY}")
    except ValueError:
        logging.getLogger("some.library").exception("with %s", KEY)
    assert KEY not in said.getvalue()
    assert said.getvalue().startswith("with [secret]\nTraceback")
    assert said.getvalue().endswith("ValueError: bad key [secret]\n")


def test_a_record_is_shown_once(said: io.StringIO) -> None:
    logging.getLogger("some.library").warning("careful")
    assert said.getvalue() == "careful\n"


def test_a_traceback_is_for_those_who_debug() -> None:
    before = logging.getLogger().handlers[:]
    err = io.StringIO()
    Console(io.StringIO(), err, io.StringIO()).take_log_records(tracebacks=False)
    try:
        raise ValueError("inside")
    except ValueError:
        logging.getLogger("some.library").exception("it failed")
    logging.getLogger().handlers = before
    assert err.getvalue() == "it failed\n"


def test_what_is_written_to_a_stream_that_was_closed_before_the_start_is_swallowed() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "from llmctl.cli.console import standard_console as c; c().note('x'); c().write('y')"],
        preexec_fn=lambda: (os.close(1), os.close(2)),
    )
    assert said.returncode == 0

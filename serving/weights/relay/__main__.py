"""`python -m llmctl.serving.weights.relay --configuration FILE`: serve the files of its models until SIGTERM.

Exit codes: 0 stopped after a signal, 1 could not listen, 2 a flag or the configuration is wrong.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

import uvicorn

from llmctl.serving.errors import ServingError
from llmctl.serving.server.runtime import CannotStart, bind, listen
from llmctl.serving.server.shutdown import DrainingServer
from llmctl.serving.weights.configuration import WeightsConfiguration
from llmctl.serving.weights.relay.app import Relay
from llmctl.serving.weights.relay.sources import table_of

log = logging.getLogger("llmctl.relay")

GRACE_SECONDS = 20
"""For running answers after SIGTERM; a fetcher takes up what was cut from the next relay."""


def main() -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Uvicorn would add a traceback for each connection that is ended on purpose; httpcore logs addresses.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    arguments = _parser().parse_args()
    try:
        text = arguments.configuration.read_text(encoding="utf-8")
        table = table_of(WeightsConfiguration.from_json(text), os.environ)
    except (OSError, ServingError) as mistake:
        log.error("%s", mistake)
        return 2
    try:
        return _serve(Relay(table), arguments.hostname, arguments.port, len(table))
    except CannotStart as reason:
        log.error("%s", reason)
        return 1


def _serve(relay: Relay, hostname: str, port: int, files: int) -> int:
    config = uvicorn.Config(
        relay.application(),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    with bind(hostname, port) as listener:
        listen(listener)
        log.info("serving %d files on %s port %d", files, hostname, listener.getsockname()[1])
        DrainingServer(config).run(sockets=[listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m llmctl.serving.weights.relay", allow_abbrev=False)
    parser.add_argument("--configuration", required=True, type=Path, help="JSON of WeightsConfiguration")
    parser.add_argument("--hostname", default="0.0.0.0")  # noqa: S104 (a pod; its NetworkPolicy says who gets in)
    parser.add_argument("--port", type=int, default=8080)
    return parser


if __name__ == "__main__":
    sys.exit(main())

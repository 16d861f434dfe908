"""`python -m llmctl.serving.server`: load the model, then listen.

Exit codes: 0 stopped after a signal, 1 could not start or had to cut requests off, 2 a flag is wrong.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from socket import socket

import uvicorn

from llmctl.serving.server.app import application
from llmctl.serving.server.assembly import api_over
from llmctl.serving.server.engine import Engine, EngineFailed
from llmctl.serving.server.runtime import CannotStart, SocketPlace, bind, listen
from llmctl.serving.server.settings import BadSettings, Settings, settings_from
from llmctl.serving.server.shutdown import SIGNALS, DrainingServer

log = logging.getLogger("llmctl.server")

StartEngine = Callable[[Settings, Path], Engine]
"""Loads the model that the settings name; llama.cpp's own socket goes to the path. Blocks, raises EngineFailed."""


def main(start_engine: StartEngine = Engine.start) -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for chatty in ("httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        return _run(settings_from(sys.argv[1:], os.environ), start_engine)
    except BadSettings as mistake:
        log.error("%s", mistake)
        return 2
    except (CannotStart, EngineFailed) as reason:
        log.error("%s", reason)
        return 1


def _run(settings: Settings, start_engine: StartEngine) -> int:
    for number in SIGNALS:
        signal.signal(number, lambda *_: sys.exit(0))
    place = SocketPlace(settings.runtime_dir)
    place.enter()
    try:
        with bind(settings.hostname, settings.port) as listener:
            loop_factory = uvicorn.Config("", log_config=None).get_loop_factory()
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                return runner.run(_serve(settings, start_engine, place, listener))
    finally:
        place.clear()


async def _serve(settings: Settings, start_engine: StartEngine, place: SocketPlace, listener: socket) -> int:
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        # A normal exit would wait for the thread that loads, minutes for a large model.
        loop.add_signal_handler(number, _leave, place, 0)
    engine = await asyncio.to_thread(start_engine, settings, place.socket)
    api = await api_over(engine, settings)
    for number in SIGNALS:
        loop.remove_signal_handler(number)
    config = uvicorn.Config(
        application(api),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=settings.graceful_termination_timeout,
    )
    server = DrainingServer(config)
    listen(listener)
    log.info("serving %s on %s port %d", settings.model_id, settings.hostname, settings.port)
    await server.serve(sockets=[listener])
    if server.cut_off:
        log.warning("%d requests were cut off", server.cut_off)
        _leave(place, 1)
    await engine.close()
    return 0


def _leave(place: SocketPlace, code: int) -> None:
    """End now. Threads inside llama.cpp cannot be stopped, and a normal exit would wait for them."""
    place.clear()
    logging.shutdown()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())

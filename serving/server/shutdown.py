"""Uvicorn with TGI's way of stopping: finish what runs, take nothing new, exit 0; a second signal ends it at once."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn

log = logging.getLogger("llmctl.server")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class DrainingServer(uvicorn.Server):
    """`cut_off` tells after `serve` how many requests were not finished."""

    cut_off = 0

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # Uvicorn's own raises the signal again at the end, so that the process would never exit with 0.
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's signature)
        if self.should_exit:
            log.warning("second signal: stopping without waiting for running requests")
            self.force_exit = True
        else:
            log.info("signal received, finishing running requests")
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        self.cut_off = len(self.server_state.tasks)

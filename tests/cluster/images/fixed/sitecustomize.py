"""Python runs this before any program: the model server is benchmarks/fixed_latency.py here, and names its pod.

No model reads prompts of 64 KB on the cores of a test machine; which replica gets them does not depend on one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys

import fixed_latency

if "llmctl.serving.server" in sys.orig_argv:
    # Process 1 of a container ends by no signal that it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    line, rest = fixed_latency.RESPONSE.split(b"\r\n", 1)
    fixed_latency.RESPONSE = b"%s\r\nX-Replica: %s\r\n%s" % (line, socket.gethostname().encode(), rest)
    asyncio.run(fixed_latency.serve("0.0.0.0", 8080, float(os.environ["FIXED_SECONDS"])))  # noqa: S104

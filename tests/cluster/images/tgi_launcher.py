"""What TGI's image is told, done by llmctl's own server, which speaks TGI's API: arguments and variables of its launcher.

The server paces its answers (paced_engine.py). It holds the GPUs only in the scheduler's books, and computes on one
thread.
"""

from __future__ import annotations

import os
import sys

from paced_engine import PacedEngine

from llmctl.serving.server.__main__ import main
from llmctl.serving.server.settings import flags

if __name__ == "__main__":
    told = {name.removeprefix("--"): value for name, value in zip(sys.argv[1::2], sys.argv[2::2], strict=True)}
    understood = {name: value for name, value in told.items() if name in flags()}
    model = os.environ["MODEL_ID"]
    ours = {**understood, "model-id": model, "model-file": model, "threads": "1"}
    sys.argv[1:] = [word for name, value in ours.items() for word in (f"--{name}", value)]
    sys.exit(main(PacedEngine.start))

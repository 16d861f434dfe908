"""What TGI's launcher is told by arguments and variables, done by llmctl's own server, which speaks TGI's API.

It is given the directory of a model, as TGI is, and serves the GGUF file in it, paced (paced_engine.py). It holds its
GPU in the scheduler's books only, and computes on one thread.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from paced_engine import PacedEngine

from llmctl.serving.server.__main__ import main
from llmctl.serving.server.settings import flags

if __name__ == "__main__":
    told = {name.removeprefix("--"): value for name, value in zip(sys.argv[1::2], sys.argv[2::2], strict=True)}
    understood = {name: value for name, value in told.items() if name in flags()}
    [file] = Path(os.environ["MODEL_ID"]).glob("*.gguf")
    ours = {**understood, "model-id": file.stem, "model-file": str(file), "threads": "1"}
    sys.argv[1:] = [word for name, value in ours.items() for word in (f"--{name}", value)]
    sys.exit(main(PacedEngine.start))

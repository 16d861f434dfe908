"""The real model server over the paced engine: `PACED_TOKEN_SECONDS=0.5 python3 -m paced_server FLAGS`."""

from __future__ import annotations

import sys

from paced_engine import PacedEngine

from llmctl.serving.server.__main__ import main

if __name__ == "__main__":
    sys.exit(main(PacedEngine.start))

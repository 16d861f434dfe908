"""The Pulumi program of every stack: `llmctl up STACK` runs it, and plain `pulumi up` after `llmctl env`."""

from pathlib import Path

from llmctl.infra.program import run

run(Path(__file__).parent)

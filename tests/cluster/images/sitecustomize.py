"""Python runs this before any program: in the paced image `python3 -m llmctl.serving.server` has the paced engine."""

from __future__ import annotations

from paced_engine import PacedEngine

from llmctl.serving.server import engine

engine.Engine = PacedEngine  # type: ignore[misc]

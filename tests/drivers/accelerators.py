"""The accelerators that tests of the engines ask about: rows of accelerators.json."""

from __future__ import annotations

from llmctl.serving.hardware.accelerators import accelerator

T4 = accelerator("t4")
L4 = accelerator("l4")
A100 = accelerator("a100-80gb")
H100 = accelerator("h100")
B200 = accelerator("b200")
MI300X = accelerator("mi300x")
INFERENTIA2 = accelerator("inferentia2")

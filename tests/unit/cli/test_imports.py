from __future__ import annotations

import subprocess
import sys


def test_help_imports_neither_pulumi_nor_pydantic_nor_a_cloud() -> None:
    program = "import sys, llmctl.cli.main as m; m.application(m.Application()); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"pulumi", "pydantic", "huggingface_hub", "rich", "yaml", "boto3"}.isdisjoint(loaded)

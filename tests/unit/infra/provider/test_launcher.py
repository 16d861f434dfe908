from __future__ import annotations

import os
import sys
from pathlib import Path

from llmctl.infra.provider.launcher import write_launcher


def test_the_launcher_starts_the_plugin_with_this_interpreter(tmp_path: Path) -> None:
    launcher = write_launcher(tmp_path / ".llmctl" / "provider")
    assert launcher.name == "pulumi-resource-llmctl"
    assert os.access(launcher, os.X_OK)
    assert f'exec {sys.executable} -P -m llmctl.infra.provider "$@"' in launcher.read_text()


def test_an_unchanged_launcher_is_left_alone_and_another_one_replaced(tmp_path: Path) -> None:
    first = write_launcher(tmp_path).stat().st_ino
    assert write_launcher(tmp_path).stat().st_ino == first
    (tmp_path / "pulumi-resource-llmctl").write_text("#!/bin/sh\nexec /gone/python\n")
    assert sys.executable in write_launcher(tmp_path).read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["pulumi-resource-llmctl"]

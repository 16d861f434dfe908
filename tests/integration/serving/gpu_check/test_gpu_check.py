"""Both scripts, run as the init container runs them, in images made of doubles."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doubles.gpus import GIB, GpusDouble

from llmctl.serving.manifests.spec import GpuCheck
from llmctl.serving.spec import EngineName
from llmctl.serving.weights.gpu_check import command, scripts

DRAIN = "Drain the node, and look at its device plugin and at dmesg."
OTHER = "It is another type, is shared, or is broken."

Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def run(engine: EngineName = EngineName.TGI, *, gpus: int = 2, **machine: Any) -> tuple[int, str]:
        for name, text in scripts().items():
            (tmp_path / name).write_text(text)
        double = GpusDouble(tmp_path, **{"memory": [80 * GIB] * 2, **machine})
        asked = command(GpuCheck(engine=engine, gpus=gpus, memory=79 * GIB), engine, directory=str(tmp_path))
        done = subprocess.run(asked, env=double.environment(), capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout.strip()

    return run


PASSED = "GPU check passed: 2 GPUs, at least 79 GiB each"


@pytest.mark.parametrize(
    ("engine", "machine", "said"),
    [
        (EngineName.TGI, {}, f"{PASSED}, multiply as the processor does and add up over NCCL"),
        (EngineName.VLLM, {"torch": False}, f"{PASSED} (by nvidia-smi: the image has no PyTorch)"),
        (EngineName.LLAMACPP, {"torch": False}, PASSED),
    ],
)
def test_sound_gpus_pass(check: Check, engine: EngineName, machine: dict[str, Any], said: str) -> None:
    assert check(engine, **machine) == (0, said)


def test_one_gpu_needs_no_nccl(check: Check) -> None:
    passed = "GPU check passed: 1 GPUs, at least 79 GiB each, multiply as the processor does"
    assert check(gpus=1, nccl_error="must not be asked") == (0, passed)


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        ({"memory": [80 * GIB, 12 * GIB]}, f"GPU 1 shows 12 GiB of 79. {OTHER}"),
        ({"memory": [80 * GIB]}, f"1 of 2 GPUs are shown. {DRAIN}"),
    ],
)
@pytest.mark.parametrize("engine", [EngineName.SGLANG, EngineName.LLAMACPP])
@pytest.mark.parametrize("torch", [True, False])
def test_missing_gpus_and_memory_are_named(
    check: Check, engine: EngineName, machine: dict[str, Any], said: str, torch: bool
) -> None:
    assert check(engine, torch=torch, **machine) == (1, f"GPU check failed: {said}")


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (
            {"memory": []},
            "PyTorch sees no GPU at all. The node's driver does not suit the image, or the device is not passed.",
        ),
        ({"wrong": [1]}, f"GPU 1 multiplies wrong. {DRAIN}"),
        (
            {"failing": [0]},
            f"GPU 0 cannot multiply (CUDA error: an illegal memory access was encountered). {DRAIN}",
        ),
        ({"nccl_wrong": [1]}, f"GPU 1 gets 4 by NCCL instead of 3. {DRAIN}"),
        ({"nccl_error": "unhandled system error"}, f"GPU 1 gets unhandled system error by NCCL instead of 3. {DRAIN}"),
    ],
)
def test_a_sick_gpu_is_named(check: Check, machine: dict[str, Any], said: str) -> None:
    assert check(**machine) == (1, f"GPU check failed: {said}")


@pytest.mark.parametrize("engine", [EngineName.VLLM, EngineName.LLAMACPP])
def test_a_broken_driver_is_told_in_one_line(check: Check, engine: EngineName) -> None:
    code, said = check(engine, torch=False, broken_driver=True)
    assert (code, said.count("\n")) == (1, 0)
    assert said.startswith("GPU check failed: nvidia-smi ")

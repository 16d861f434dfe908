"""What the local target cannot do is refused with the line it stands in; what it can do is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmctl.infra.errors import SettingsError
from llmctl.infra.local.limits import ELSEWHERE
from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.project import Project
from llmctl.infra.stack_file import read_stack_file
from llmctl.infra.targets import deployable

FILE = "stacks/Pulumi.local.yaml"


def deploy(directory: Path, *lines: str) -> None:
    project = Project(directory)
    project.stacks.mkdir()
    text = ["config:", "  llmctl:target: local", "  llmctl:models:", "    a/b:", *lines]
    project.stack_file("local").write_text("\n".join(text), encoding="utf-8")
    deployable(read_stack_file(project, "local"))


REFUSED = {
    "    c/d: {}": (
        f"{FILE}:3: llmctl:models: the local target serves exactly one model, and 2 are named (a/b, c/d); "
        "keep one of them."
    ),
    "      engine: vllm": (
        f"{FILE}:5: llmctl:models.a/b.engine: the local target serves tgi's API only; allowed: tgi."
    ),
    "      accelerator: l4:1": (
        f"{FILE}:5: llmctl:models.a/b.accelerator: the local target computes on the processor, not on l4:1; "
        "allowed: auto, cpu."
    ),
    "      dtype: float16": (
        f"{FILE}:5: llmctl:models.a/b.dtype: the local target cannot do this: a GGUF file brings its own number "
        "format; take it out."
    ),
    "      kvCacheDtype: fp8_e4m3": (
        f"{FILE}:5: llmctl:models.a/b.kvCacheDtype: the local target cannot do this: its KV cache is float16; "
        "take it out."
    ),
    "      adapters: {legal: o/lora}": (
        f"{FILE}:5: llmctl:models.a/b.adapters: the local target cannot do this: it loads no LoRA adapters; "
        "take it out."
    ),
    "      speculation: {tokens: 3}": (
        f"{FILE}:5: llmctl:models.a/b.speculation: the local target cannot do this: it does not speculate; take it out."
    ),
    "      trustRemoteCode: true": (
        f"{FILE}:5: llmctl:models.a/b.trustRemoteCode: the local target cannot do this: it runs no Python of a "
        "model's repository; take it out."
    ),
    "      engineArgs: {max-num-seqs: 4}": (
        f"{FILE}:5: llmctl:models.a/b.engineArgs: the local target cannot do this: its model server has no flags "
        "of an engine; take it out."
    ),
}


@pytest.mark.parametrize(("line", "message"), REFUSED.items(), ids=[line.split(":")[0].strip() for line in REFUSED])
def test_what_the_local_target_cannot_do_is_refused_by_line(
    line: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as caught:
        deploy(tmp_path, *([f"      threads: 1\n{line}"] if line.startswith("    c") else [line]))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "line", ["accelerator: auto", "accelerator: cpu", "engine: tgi", "trustRemoteCode: false", "adapters: {}"]
)
def test_what_it_can_do_is_not(line: str, tmp_path: Path) -> None:
    deploy(tmp_path, f"      {line}")


def test_the_local_target_has_small_batches_unless_told_otherwise(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.stacks.mkdir()
    project.stack_file("local").write_text(
        "config: {'llmctl:target': local, 'llmctl:models': {a/b: {maxBatchPrefillTokens: 64}}}"
    )
    settings = read_stack_file(project, "local").settings()
    assert settings.the_model[1].max_batch_size is None, "another engine is not told what only suits this one"
    _, model = settings.resolved().the_model
    assert (model.max_batch_size, model.max_batch_prefill_tokens) == (8, 64)


def test_every_setting_of_a_model_is_used_by_the_local_target_or_refused() -> None:
    used = {
        "id",
        "revision",
        "quantization",
        "max_total_tokens",
        "max_input_tokens",
        "max_concurrent_requests",
        "max_batch_size",
        "max_batch_prefill_tokens",
        "threads",
    }
    assert set(ModelSettings.model_fields) == used | set(ELSEWHERE) | {"engine", "accelerator"}

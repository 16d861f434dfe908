"""`llmctl engines` and `llmctl engines translate`."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from drivers.terminal import Terminal

from llmctl.serving.engines.engine import Feature, Platform
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.images.lock_file import NAME, LockedImage, LockFile, write_lock_file
from llmctl.serving.spec import EngineName

STACK = """\
config:
  llmctl:target: local
  llmctl:models:
    legal:
      id: meta-llama/Llama-3.1-8B-Instruct
      accelerator: {accelerator}
      maxTotalTokens: 4096
      quantization: eetq
      adapters: {{contracts: /adapters/contracts}}
      engineArgs: {{max-waiting-tokens: 40}}
"""


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(tmp_path, environ={"PATH": "/nowhere", "HF_HUB_OFFLINE": "1"})
    terminal.llmctl("init")
    return terminal


def has_stack(terminal: Terminal, text: str) -> None:
    (terminal.directory / "stacks" / "Pulumi.local.yaml").write_text(text)


def test_the_matrix_has_a_column_for_each_engine_and_a_row_for_each_feature(terminal: Terminal) -> None:
    assert terminal.llmctl("engines") == 0
    lines = terminal.out.splitlines()
    for engine in ENGINES.values():
        assert f"{engine.title} {engine.release}".upper() in lines[0]
    for feature in Feature:
        assert any(line.startswith(f"  {feature}  ") for line in lines), feature
    assert terminal.llmctl("engines", "--json") == 0
    lora = next(row for row in json.loads(terminal.out)["rows"] if row["names"] == ["LoRA"])
    assert lora["engines"]["tgi"]["platforms"] == ["cuda"]
    assert lora["engines"]["llamacpp"] == {"platforms": [], "computeCapability": None, "note": None}


def test_who_uses_an_engine_that_gets_no_more_work_is_told(terminal: Terminal) -> None:
    terminal.llmctl("engines")
    assert "Text Generation Inference: in maintenance mode since 2025-12-11" in terminal.out


def test_a_switch_is_shown_with_the_settings_to_make_it(terminal: Terminal) -> None:
    has_stack(terminal, STACK.format(accelerator="l4:1"))
    assert terminal.llmctl("engines", "translate", "local", "--to", "vllm") == 0
    assert terminal.err == ""
    assert terminal.out == (Path(__file__).parent / "translate_to_vllm.txt").read_text()


def test_auto_is_decided_before_engines_are_compared(terminal: Terminal) -> None:
    has_stack(terminal, STACK.format(accelerator="auto"))
    assert terminal.llmctl("engines", "translate", "local", "--to", "vllm", "--json") == 0
    (moved,) = json.loads(terminal.out)["models"]
    assert moved["where"].startswith("auto: l4:1 on ")
    assert moved["settings"]["engine"] == "vllm"
    assert {loss["what"] for loss in moved["lost"]} >= {
        "quantization",
        "engineArgs.max-waiting-tokens",
        "POST /generate",
    }


def test_a_model_that_the_new_engine_has_no_code_for_cannot_be_moved(terminal: Terminal) -> None:
    has_stack(terminal, UNKNOWN_TO_TGI)
    assert terminal.llmctl("engines", "translate", "local", "--to", "tgi", "--json") == 0, terminal.err
    (moved,) = json.loads(terminal.out)["models"]
    assert moved["blocked"].startswith("Text Generation Inference 3.3.7 has no code for Qwen3ForCausalLM")
    assert moved["container"] is None


UNKNOWN_TO_TGI = """\
config:
  llmctl:target: local
  llmctl:models: {Qwen/Qwen3-8B: {engine: vllm, accelerator: "l4:1"}}
"""


def test_a_flag_that_both_engines_have_stays_in_the_settings(terminal: Terminal) -> None:
    has_stack(terminal, BOTH_KNOW_ONE)
    assert terminal.llmctl("engines", "translate", "local", "--to", "sglang", "--json") == 0, terminal.err
    (moved,) = json.loads(terminal.out)["models"]
    assert moved["settings"]["engineArgs"] == {"chat-template": "/t.jinja"}


BOTH_KNOW_ONE = """\
config:
  llmctl:target: local
  llmctl:models:
    Qwen/Qwen3-8B: {engine: vllm, accelerator: "l4:1", engineArgs: {chat-template: /t.jinja, enforce-eager: true}}
"""


def test_the_new_image_is_pinned_where_a_registry_has_given_its_digest(terminal: Terminal) -> None:
    has_stack(terminal, STACK.format(accelerator="l4:1"))
    image, digest = ENGINES[EngineName.VLLM].images[Platform.CUDA].reference, f"sha256:{'0' * 64}"
    locked = LockedImage(
        digest=digest,
        media_type="application/vnd.oci.image.index.v1+json",
        platforms={},
        registry="docker.io",
        date=datetime.date(2026, 11, 24),
    )
    write_lock_file(terminal.directory / "stacks" / NAME, LockFile({image: locked}))
    assert terminal.llmctl("engines", "translate", "local", "--to", "vllm", "--json") == 0, terminal.err
    assert json.loads(terminal.out)["models"][0]["container"]["image"] == f"{image}@{digest}"


WHERE = "stacks/Pulumi.local.yaml:4: llmctl:models.legal"

REFUSED = {
    "an unknown accelerator": (
        STACK.format(accelerator="l5:1"),
        f"Error: {WHERE}: accelerator 'l5': not known; write l4 (docs/hardware.md lists them all).\n",
    ),
    "an accelerator the engine has no kernels for": (
        STACK.format(accelerator="t4:1"),
        f"Error: {WHERE}: Text Generation Inference 3.3.7 has kernels for compute capability 8.0 to 9.0; "
        "NVIDIA T4 has 7.5. llama.cpp and vLLM have it.\n",
    ),
    "a flag the engine does not have": (
        STACK.format(accelerator="l4:1").replace("max-waiting-tokens", "max-waiting-token"),
        f"Error: {WHERE}: Text Generation Inference 3.3.7 has no flag --max-waiting-token. "
        "Did you mean max-waiting-tokens or max-top-n-tokens or max-input-tokens?\n",
    ),
}


@pytest.mark.parametrize(("stack", "message"), REFUSED.values(), ids=REFUSED)
def test_what_the_engine_itself_cannot_do_is_one_line_and_exit_2(terminal: Terminal, stack: str, message: str) -> None:
    has_stack(terminal, stack)
    assert terminal.llmctl("engines", "translate", "local", "--to", "vllm") == 2
    assert terminal.err == message


@pytest.mark.parametrize(
    ("accelerator", "why"),
    [
        ("l4:3", "32 attention heads do not divide over 3 GPUs"),
        ("l4:64", "32 attention heads do not divide over 64 GPUs"),
        ("t4:1", "GiB of weights per GPU leave no room for a cache on 1 x t4"),
    ],
)
def test_gpus_that_do_not_hold_the_model_are_not_moved_to(terminal: Terminal, accelerator: str, why: str) -> None:
    model = f"{{id: meta-llama/Llama-3.1-8B-Instruct, engine: vllm, accelerator: '{accelerator}'}}"
    has_stack(terminal, f"config:\n  llmctl:target: local\n  llmctl:models:\n    legal: {model}\n")
    assert terminal.llmctl("engines", "translate", "local", "--to", "vllm") == 0
    assert "It cannot be moved as it is: " in terminal.out
    assert why in terminal.out
    assert "The new settings" not in terminal.out


def test_every_model_that_cannot_move_is_named_with_its_line(terminal: Terminal) -> None:
    has_stack(
        terminal,
        "config:\n  llmctl:target: local\n  llmctl:models:\n"
        "    meta-llama/Llama-3.1-8B-Instruct: {accelerator: t4:1}\n"
        "    HuggingFaceTB/SmolLM2-135M-Instruct: {maxTotalTokens: 100000}\n",
    )
    assert terminal.llmctl("engines", "translate", "local", "--to", "vllm") == 2
    first, second = terminal.err.splitlines()
    assert first.startswith(
        "Error: stacks/Pulumi.local.yaml:4: llmctl:models.meta-llama/Llama-3.1-8B-Instruct: Text Gen"
    )
    assert second == (
        "stacks/Pulumi.local.yaml:5: llmctl:models.HuggingFaceTB/SmolLM2-135M-Instruct: "
        "context: 100,000 tokens; HuggingFaceTB/SmolLM2-135M-Instruct takes 1 to 8,192."
    )

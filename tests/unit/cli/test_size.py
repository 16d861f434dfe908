"""`llmctl size`, whole outputs and the sizes that must hold, offline and on a fixed day."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from doubles.gguf_files import write_gguf
from doubles.model_repositories import as_json, config, safetensors
from drivers.terminal import Terminal

from llmctl.serving.hardware.machine_types import machine_types

LLAMA_8B = "meta-llama/Llama-3.1-8B-Instruct"
LLAMA_70B = "meta-llama/Llama-3.1-70B-Instruct"
GIB = 1024**3

PRICES = """\
cloud,machine_type,region,on_demand,spot,date,source
gcp,g2-standard-4,us-east4,0.50,0.20,2026-11-20,our contract
"""


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, environ={"PATH": "/nowhere", "HF_HUB_OFFLINE": "1"})


def sizing(terminal: Terminal, *arguments: str) -> dict[str, Any]:
    assert terminal.llmctl("size", *arguments, "--json") == 0, terminal.err
    return dict(json.loads(terminal.out))


def fits(found: dict[str, Any], accelerator: str, gpus: int) -> list[dict[str, Any]]:
    return [fit for fit in found["fits"] if (fit["accelerator"], fit["gpus"]) == (accelerator, gpus)]


def test_the_table_has_prices_with_their_age_the_memory_and_what_does_not_fit(terminal: Terminal) -> None:
    (terminal.directory / "prices.csv").write_text(PRICES)
    asked = ("--cloud", "gcp", "--region", "us-east4", "--prices", "prices.csv", "--max-hourly", "0.6")
    assert terminal.llmctl("size", LLAMA_8B, *asked) == 0
    assert terminal.err == ""
    assert terminal.out == (Path(__file__).parent / "size_gcp.txt").read_text()


def rows(terminal: Terminal, *arguments: str) -> dict[str, list[str]]:
    """Machine type -> the cells of its row, GPUs without the replicas."""
    assert terminal.llmctl("size", LLAMA_8B, *arguments) == 0
    table = terminal.out.split("\n\n")[1].splitlines()[1:]
    return {cells[1]: cells for line in table if (cells := re.split(r" {2,}", line))}


def test_the_cheapest_of_each_kind_is_shown_and_all_on_request(terminal: Terminal) -> None:
    fitting = sizing(terminal, LLAMA_8B)["fits"]
    kinds = {(fit["accelerator"], fit["gpus"]) for fit in fitting}
    assert len(rows(terminal)) == len(kinds) < len(fitting)
    assert f"\n{len(fitting) - len(kinds)} more machine types fit; --all shows them.\n" in terminal.out
    assert set(rows(terminal, "--all")) == {fit["machineType"] for fit in fitting}
    assert "--all shows them" not in terminal.out


def test_replicas_are_counted_in_what_runs_at_once(terminal: Terminal) -> None:
    found = {fit["machineType"]: fit for fit in sizing(terminal, LLAMA_8B)["fits"]}
    one, eight = (found[name] for name in ("g6.2xlarge", "g6.48xlarge"))
    assert (one["replicas"], eight["replicas"]) == (1, 8)
    assert eight["requests"] == 8 * one["requests"]
    row = rows(terminal, "--all")["g6.48xlarge"]
    assert (row[0], row[6]) == ("l4:1 x 8", str(eight["requests"]))


def test_a_machine_that_is_only_on_the_spot_market_has_no_other_price(terminal: Terminal) -> None:
    (name,) = {machine.name for machine in machine_types() if machine.spot_only and machine.gpus == 1}
    fit = next(fit for fit in sizing(terminal, LLAMA_8B)["fits"] if fit["machineType"] == name)
    assert fit["price"]["onDemand"] is None
    assert rows(terminal, "--all")[name][3:5] == ["spot only", f"{fit['price']['spot']:.2f}"]


def test_what_is_active_in_a_mixture_and_how_sure_that_is_stand_in_the_headline(terminal: Terminal) -> None:
    terminal.llmctl("size", "Qwen/Qwen3-VL-30B-A3B-Instruct")
    assert terminal.out.startswith(
        "Qwen/Qwen3-VL-30B-A3B-Instruct: 31.1 B parameters (3.4 B active), give or take 1%, "
    )


def test_each_number_is_explained_with_formula_and_source(terminal: Terminal) -> None:
    assert terminal.llmctl("size", LLAMA_8B, "--cloud", "gcp", "--max-hourly", "0.8", "--explain") == 0
    lines = terminal.out.splitlines()
    start = lines.index("l4:1 on g2-standard-4")
    assert lines[start + 1].split() == ["TERM", "VALUE", "UNIT", "FORMULA", "SOURCE"]
    cache = next(line for line in lines[start:] if line.startswith("cache per token and GPU"))
    assert cache.split("  ")[0] == "cache per token and GPU"
    assert "131,072" in cache
    assert "2 * layers * KV heads * head size * bytes" in cache
    assert "flash_causal_lm.py" in cache


@pytest.mark.parametrize("accelerator", ["l4", "a10g", "l40s", "h100"])
def test_an_8b_fits_one_gpu_and_its_memory_adds_up_to_the_gpus(terminal: Terminal, accelerator: str) -> None:
    found = fits(sizing(terminal, LLAMA_8B), accelerator, 1)[0]
    parts = found["memoryPerGpu"]
    assert 14.9 < parts["weights"] / GIB < 15.0
    assert set(parts) == {"weights", "kvCache", "activations", "overhead", "reserved", "free"}
    assert found["kvTokens"] == parts["kvCache"] * 8192 // (131_072 * 8192)


def test_a_70b_in_16_bits_takes_two_h100(terminal: Terminal) -> None:
    found = sizing(terminal, LLAMA_70B, "--context", "4096")
    assert not fits(found, "h100", 1)
    refused = next(each for each in found["refused"] if (each["accelerator"], each["gpus"]) == ("h100", 1))
    assert refused["reason"].startswith("131.4 GiB of weights per GPU leave no room")
    assert refused["fitsWith"] == "2 x h100"
    assert fits(found, "h100", 2)[0]["kvTokens"] > 4096


def test_a_70b_in_fp8_takes_one_h200(terminal: Terminal) -> None:
    assert fits(sizing(terminal, LLAMA_70B, "--quantize", "fp8"), "h200", 1)
    assert fits(sizing(terminal, "nvidia/Llama-3.1-70B-Instruct-FP8", "--engine", "vllm"), "h200", 1)


@pytest.mark.parametrize("engine", ["tgi", "vllm", "sglang"])
def test_deepseek_v3_fits_no_node_of_eight_a100(terminal: Terminal, engine: str) -> None:
    found = sizing(terminal, "deepseek-ai/DeepSeek-V3", "--engine", engine, "--context", "4096")
    assert not [fit for fit in found["fits"] if fit["accelerator"].startswith("a100")]
    reasons = {each["reason"] for each in found["refused"] if each["accelerator"] == "a100-80gb" and each["gpus"] == 8}
    assert reasons
    assert all("weights per GPU leave no room for a cache on 8 x a100-80gb" in reason for reason in reasons)


def test_auto_is_the_first_row(terminal: Terminal) -> None:
    found = sizing(terminal, LLAMA_8B)
    costs = [fit["price"]["onDemand"] for fit in found["fits"]]
    on_demand = [cost for cost in costs if cost is not None]
    assert costs[: len(on_demand)] == sorted(on_demand), "what the cloud may take back comes last"
    terminal.llmctl("size", LLAMA_8B)
    first = found["fits"][0]
    taken = f"{first['accelerator']}:{first['gpus']} on {first['machineType']}"
    assert f"accelerator: auto takes {taken}, the cheapest that fits.\n" in terminal.out


def test_every_price_says_when_and_where_it_was_read(terminal: Terminal) -> None:
    for fit in sizing(terminal, LLAMA_8B)["fits"]:
        price = fit["price"]
        assert price["source"]
        assert price["asOf"]
        assert price["ageDays"] > 0


MISTAKES = {
    ("nobody/nothing",): (
        "nobody/nothing was not read: HF_HUB_OFFLINE is set, so the Hub is not asked. The catalogue does not have it. "
        "Name a directory with its config.json, or a .gguf file."
    ),
    ("./nowhere",): "{here}/nowhere is neither a directory with a config.json nor a .gguf file (model: ./nowhere).",
    (LLAMA_8B, "--context", "0"): f"context: 0 tokens; {LLAMA_8B} takes 1 to 131,072.",
    (LLAMA_8B, "--context", "131073"): f"context: 131,073 tokens; {LLAMA_8B} takes 1 to 131,072.",
    (LLAMA_8B, "--concurrency", "0"): "concurrency: 0; ask for at least 1 request at a time.",
    (LLAMA_8B, "--max-hourly", "-1"): "max-hourly: -1.0; give US dollars per hour above 0, or leave it out.",
    (LLAMA_8B, "--max-hourly", "nan"): "max-hourly: nan; give US dollars per hour above 0, or leave it out.",
    (LLAMA_8B, "--quantize", "q17"): (
        f"{LLAMA_8B} is stored as bfloat16, and q17 needs weights that are stored so. Name a model that is, or one of "
        "fp8, eetq, bitsandbytes, bitsandbytes-nf4, bitsandbytes-fp4, which are made while loading."
    ),
    (LLAMA_8B, "--kv-cache-dtype", "fp3"): (
        "kv-cache-dtype: fp3; allowed: auto, fp8_e4m3, fp8_e5m2, q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl."
    ),
    (LLAMA_8B, "--prices", "none.csv"): "none.csv: prices cannot be read: No such file or directory",
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.items(), ids=[" ".join(each) for each in MISTAKES])
def test_a_question_without_an_answer_is_one_line_and_exit_2(
    terminal: Terminal, arguments: tuple[str, ...], message: str
) -> None:
    assert terminal.llmctl("size", *arguments) == 2
    assert (terminal.out, terminal.err) == ("", f"Error: {message.format(here=terminal.directory)}\n")


def has(terminal: Terminal, **files: bytes) -> None:
    """A directory `mine` with these files; `__` in a name stands for a dot."""
    mine = terminal.directory / "mine"
    mine.mkdir()
    for name, content in files.items():
        (mine / name.replace("__", ".")).write_bytes(content)


WEIGHTS = safetensors(embed=("BF16", (300, 64)), head=("BF16", (300, 64)))


def test_a_directory_with_config_and_weights_is_enough(terminal: Terminal) -> None:
    has(terminal, config__json=as_json(config()), model__safetensors=WEIGHTS)
    assert sizing(terminal, "./mine")["fits"]


UNUSABLE = {
    "no weights": (
        {"config__json": as_json(config())},
        "{here}/mine has no weights: no .safetensors and no .bin, .pt, .pth in its root. "
        "Name the repository that holds them.",
    ),
    "no safetensors": (
        {"config__json": as_json(config()), "pytorch_model__bin": b"pickle"},
        "./mine has no safetensors, only pickle files, which can run code when they are loaded. "
        "Name a repository that has them, or convert these.",
    ),
    "no layers": (
        {"config__json": as_json(config(num_hidden_layers=None)), "model__safetensors": WEIGHTS},
        "config.json of ./mine has no num_hidden_layers, so the model cannot be sized. "
        "Name the model's original repository, or a directory whose config.json has it.",
    ),
}


@pytest.mark.parametrize(("files", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_model_that_cannot_be_sized_is_one_line_and_exit_2(
    terminal: Terminal, files: dict[str, bytes], message: str
) -> None:
    has(terminal, **files)
    assert terminal.llmctl("size", "./mine") == 2
    assert terminal.err == f"Error: {message.format(here=terminal.directory)}\n"


def test_a_gguf_file_is_sized_for_llama_cpp(terminal: Terminal) -> None:
    write_gguf(terminal.directory / "tiny-q4_k_m.gguf")
    found = sizing(terminal, "./tiny-q4_k_m.gguf")
    assert found["load"]["engine"] == "llamacpp"
    assert fits(found, "t4", 1)
    named = sizing(terminal, "./tiny-q4_k_m.gguf", "--quantize", "Q4_K_M", "--kv-cache-dtype", "q8_0")
    assert fits(named, "t4", 1)[0]["memoryPerGpu"]["weights"] == fits(found, "t4", 1)[0]["memoryPerGpu"]["weights"]
    wrong = sizing(terminal, "./tiny-q4_k_m.gguf", "--quantize", "Q8_0", "--engine", "llamacpp")
    assert {each["reason"] for each in wrong["refused"] if each["accelerator"] == "t4"} == {
        "./tiny-q4_k_m.gguf is quantized as it is stored, not as Q8_0. Leave quantization out."
    }
    other = sizing(terminal, "./tiny-q4_k_m.gguf", "--quantize", "fp8", "--engine", "llamacpp")
    assert {each["reason"] for each in other["refused"] if each["accelerator"] == "l4"} == {
        "llama.cpp b11312 has no quantization fp8. SGLang, Text Generation Inference and vLLM have it."
    }


def test_without_an_engine_the_first_that_knows_the_model_is_taken_and_said(terminal: Terminal) -> None:
    assert terminal.llmctl("size", "Qwen/Qwen3-8B") == 0
    assert terminal.out.startswith(
        "Qwen/Qwen3-8B: 8.2 B parameters, bfloat16, on vLLM 0.33.0, for 1 request of 8,192 tokens at a time\n"
        "Text Generation Inference 3.3.7 has no code for Qwen3ForCausalLM (qwen3). SGLang and vLLM have it. "
        "--engine chooses among them.\n"
    )


def test_that_nothing_fits_is_said(terminal: Terminal) -> None:
    assert terminal.llmctl("size", LLAMA_70B, "--max-hourly", "0.5") == 0
    assert "\nNo machine type fits.\n\nDOES NOT FIT" in terminal.out


def test_an_engine_that_was_asked_for_is_not_replaced(terminal: Terminal) -> None:
    found = sizing(terminal, "Qwen/Qwen3-8B", "--engine", "tgi")
    assert found["fits"] == []
    assert {each["reason"] for each in found["refused"] if each["accelerator"] == "l4"} == {
        "Text Generation Inference 3.3.7 has no code for Qwen3ForCausalLM (qwen3). SGLang and vLLM have it."
    }
    sizing(terminal, "Qwen/Qwen3-8B", "--engine", "llamacpp")
    assert "llama.cpp b11312 has no safetensors." in terminal.out


def test_what_the_engine_has_to_be_told_for_a_model_to_fit_is_said(terminal: Terminal) -> None:
    terminal.llmctl("size", "meta-llama/Llama-3.1-8B-Instruct", "--concurrency", "8", "--cloud", "gcp", "--explain")
    assert (
        "Fit only with fewer prompt tokens at once (maxBatchPrefillTokens) than by default: l4:1 4,096" in terminal.out
    )
    assert "told to the engine: maxBatchPrefillTokens" in terminal.out

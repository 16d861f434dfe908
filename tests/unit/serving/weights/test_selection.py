from __future__ import annotations

import pytest

from llmctl.serving.errors import ModelNotFound
from llmctl.serving.weights.listing.selection import needed

BESIDE = (
    "config.json",
    "generation_config.json",
    "merges.txt",
    "tokenizer.json",
    "tokenizer.model",
    "chat_template.jinja",
)
LEFT_OUT = (
    ".gitattributes",
    "LICENSE.txt",
    "README.md",
    "USE_POLICY.md",
    "figure.png",
    "flax_model.msgpack",
    "model.onnx",
    "original/consolidated.00.pth",
    "original/params.json",
    "pytorch_model-00001-of-00002.bin",
    "pytorch_model.bin.index.json",
    "requirements.txt",
    "consolidated.safetensors",
    "onnx/model.safetensors",
)
WEIGHTS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json")


def test_an_engine_gets_safetensors_and_what_lies_beside_them() -> None:
    found = needed((*LEFT_OUT, *BESIDE, *WEIGHTS, "modeling.py"), gguf=False, where="org/model")
    assert sorted(found) == sorted((*BESIDE, *WEIGHTS))


def test_a_repository_s_own_code_comes_only_where_it_is_run() -> None:
    assert "modeling.py" in needed((*WEIGHTS, "modeling.py"), gguf=False, code=True, where="org/model")


def test_consolidated_weights_are_taken_where_there_are_no_others() -> None:
    names = ("consolidated.safetensors", "params.json", "tekken.json")
    assert set(needed(names, gguf=False, where="org/model")) == set(names)


@pytest.mark.parametrize(
    ("names", "quantization", "expected"),
    [
        (("a.Q4_K_M.gguf", "a.Q8_0.gguf", "config.json"), None, ("a.Q4_K_M.gguf",)),
        (("a.Q4_K_M.gguf", "a.Q8_0.gguf"), "Q8_0", ("a.Q8_0.gguf",)),
        (
            ("a.Q8_0-00001-of-00002.gguf", "a.Q8_0-00002-of-00002.gguf"),
            None,
            ("a.Q8_0-00001-of-00002.gguf", "a.Q8_0-00002-of-00002.gguf"),
        ),
    ],
)
def test_llama_cpp_gets_one_model_of_the_gguf_files(
    names: tuple[str, ...], quantization: str | None, expected: tuple[str, ...]
) -> None:
    assert needed(names, gguf=True, quantization=quantization, where="org/model") == expected


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("config.json", "pytorch_model.bin"), "only as pickles"),
        (("a.Q8_0.gguf",), "only GGUF files, which llama.cpp reads"),
        (("config.json", "unet/model.safetensors"), "no .safetensors files in its root"),
    ],
)
def test_weights_that_no_engine_should_load_are_refused_with_a_way_out(names: tuple[str, ...], said: str) -> None:
    with pytest.raises(ModelNotFound, match=said):
        needed(names, gguf=False, where="org/model")

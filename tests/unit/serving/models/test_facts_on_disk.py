from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from doubles.gguf_files import VOCABULARY, write_gguf
from doubles.model_repositories import as_json, config, index, safetensors

from llmctl.serving.errors import ModelDamaged, ModelError, ModelNotFound
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.models.facts_reader import model_facts

Given = Callable[..., ModelFacts]


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """The facts of a directory with these files, said as ./model from its parent."""

    def facts(**files: bytes) -> ModelFacts:
        (tmp_path / "model").mkdir(exist_ok=True)
        for name, content in files.items():
            (tmp_path / "model" / name.replace("__", ".")).write_bytes(content)
        return model_facts("./model", base=tmp_path, hub=None)

    return facts


ONE_FILE = safetensors(embed=("BF16", (300, 64)), head=("BF16", (300, 64)))


def test_a_directory_is_read_from_its_config_and_the_header_of_its_weights(given: Given, tmp_path: Path) -> None:
    facts = given(config__json=as_json(config()), model__safetensors=ONE_FILE)
    assert (facts.id, facts.revision, facts.source) == ("./model", None, str(tmp_path / "model/config.json"))
    assert (facts.parameters, facts.weight_bytes, facts.weights_format) == (2 * 300 * 64, 4 * 300 * 64, "safetensors")
    assert (facts.chat_template, facts.gated, facts.licence) == (False, None, None)


def test_the_header_says_the_dtype_where_config_json_does_not(given: Given) -> None:
    weights = safetensors(norm=("F32", (4,)), matrix=("F16", (64, 64)))
    assert given(config__json=as_json(config(torch_dtype=None)), model__safetensors=weights).dtype == "float16"


def test_of_quantized_weights_the_bytes_are_read_and_the_parameters_computed(given: Given) -> None:
    weights = safetensors(qweight=("I32", (8, 64)), norm=("F16", (64,)))
    quantization = {"quant_method": "gptq", "bits": 4, "group_size": 32}
    facts = given(config__json=as_json(config(quantization_config=quantization)), model__safetensors=weights)
    assert facts.weight_bytes == 8 * 64 * 4 + 64 * 2
    assert facts.parameters > 8 * 64 + 64


def test_the_index_of_several_files_says_their_size(given: Given) -> None:
    shards = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    files = {name.replace(".", "__"): b"" for name in shards}
    facts = given(config__json=as_json(config()), model__safetensors__index__json=index(123_456, *shards), **files)
    assert facts.weight_bytes == 123_456


def test_an_index_without_a_size_is_the_size_of_its_files(given: Given) -> None:
    facts = given(
        config__json=as_json(config()),
        model__safetensors__index__json=as_json({"weight_map": {"a": "a.safetensors", "b": "a.safetensors"}}),
        a__safetensors=bytes(1000),
        consolidated__safetensors=bytes(1000),
    )
    assert facts.weight_bytes == 1000


def test_the_same_weights_in_mistrals_own_format_are_not_counted_again(given: Given) -> None:
    facts = given(config__json=as_json(config()), model__safetensors=ONE_FILE, consolidated__safetensors=ONE_FILE)
    assert facts.weight_bytes == 4 * 300 * 64


def test_weights_in_pickles_are_said_to_be_pickles(given: Given) -> None:
    facts = given(config__json=as_json(config()), pytorch_model__bin=bytes(4000))
    assert (facts.weights_format, facts.weight_bytes) == ("pickle", 4000)


@pytest.mark.parametrize(
    "files",
    [
        {"chat_template__jinja": b"{{ messages }}"},
        {"tokenizer_config__json": as_json({"chat_template": "{{ messages }}"})},
    ],
)
def test_a_chat_template_is_found_in_either_place(given: Given, files: dict[str, bytes]) -> None:
    assert given(config__json=as_json(config()), model__safetensors=ONE_FILE, **files).chat_template is True


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        ({}, ModelNotFound, "has no weights: no .safetensors"),
        ({"model__safetensors": ONE_FILE}, ModelNotFound, "has no config.json"),
        (
            {"a__gguf": b"GGUF", "b__gguf": b"GGUF"},
            ModelNotFound,
            "holds only GGUF files, of which llama.cpp reads one: a.gguf",
        ),
        ({"config__json": b"{", "model__safetensors": ONE_FILE}, ModelDamaged, "config.json of .* is not JSON"),
        ({"config__json": b"[]", "model__safetensors": ONE_FILE}, ModelDamaged, "is not a JSON object"),
        ({"config__json": b"\xff", "model__safetensors": ONE_FILE}, ModelDamaged, "is not JSON"),
        (
            {"config__json": as_json(config()), "model__safetensors": b"pickle"},
            ModelDamaged,
            "is not a safetensors file",
        ),
        ({"model__safetensors__index__json": b"{}"}, ModelDamaged, "has no weight_map"),
        ({"config__json": as_json({}), "model__safetensors": ONE_FILE}, ModelError, "has no num_hidden_layers"),
    ],
)
def test_a_directory_that_does_not_suffice_is_refused_in_one_line(
    given: Given, files: dict[str, bytes], error: type[ModelError], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        given(**files)
    assert "\n" not in str(raised.value)


def test_a_gguf_file_says_everything_itself(tmp_path: Path) -> None:
    write_gguf(tmp_path / "m.gguf")
    facts = model_facts("./m.gguf", base=tmp_path, hub=None)
    assert (facts.architecture, facts.layers, facts.heads, facts.kv_heads, facts.head_dim) == ("llama", 2, 4, 2, 16)
    assert (facts.vocabulary, facts.max_context, facts.weights_format) == (VOCABULARY, 256, "gguf")
    assert facts.parameters == 3 * 32 + 5 * 32
    assert facts.quantization is not None
    assert facts.quantization.method == "gguf"


def test_a_gguf_file_that_does_not_say_its_sizes_is_refused(tmp_path: Path) -> None:
    write_gguf(tmp_path / "m.gguf", feed_forward=None)
    with pytest.raises(ModelError, match=r"m\.gguf does not say its feed_forward_length, so it cannot be sized"):
        model_facts("./m.gguf", base=tmp_path, hub=None)


@pytest.mark.parametrize("name", ["./nothing", "/nothing/at/all", "nothing.gguf"])
def test_a_path_where_nothing_is_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelNotFound, match=r"is neither a directory with a config\.json nor a \.gguf file"):
        model_facts(name, base=tmp_path, hub=None)


def test_the_catalogue_answers_offline(tmp_path: Path) -> None:
    name = "meta-llama/Llama-3.1-8B-Instruct"
    assert model_facts(name, base=tmp_path, hub=None) is catalogue()[name]


def test_a_model_that_is_not_in_the_catalogue_is_refused_offline_with_those_near_it(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound) as raised:
        model_facts("meta-llama/Llama-3.1-8B-Instruckt", base=tmp_path, hub=None)
    assert str(raised.value) == (
        "meta-llama/Llama-3.1-8B-Instruckt was not read: HF_HUB_OFFLINE is set, so the Hub is not asked. "
        "The catalogue does not have it. Near it "
        "are meta-llama/Llama-3.1-8B-Instruct, meta-llama/Llama-3.1-70B-Instruct, meta-llama/Llama-3.1-405B-Instruct. "
        "Name a directory with its config.json, or a .gguf file."
    )


def test_a_revision_cannot_be_read_offline(tmp_path: Path) -> None:
    with pytest.raises(
        ModelNotFound, match=r"Qwen/Qwen3-8B at revision main .* Without a revision the catalogue answers for it"
    ):
        model_facts("Qwen/Qwen3-8B", revision="main", base=tmp_path, hub=None)


def test_a_name_that_is_no_id_says_what_is(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"'qwen3-8b' names no model: write a Hub id .* Near it are Qwen/Qwen3-8B"):
        model_facts("qwen3-8b", base=tmp_path, hub=None)

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pytest
from doubles.gguf_files import VOCABULARY, split_gguf, write_gguf
from gguf import GGUFReader
from gguf.constants import GGML_QUANT_SIZES
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.errors import ModelDamaged, ModelNotFound
from llmctl.serving.models.gguf import facts_of_parts, inspect
from llmctl.serving.models.gguf_header import Header
from llmctl.serving.models.gguf_tensors import BLOCKS


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "tiny.gguf")


def test_the_header_says_what_the_file_is(model: Path) -> None:
    facts = inspect(model)
    assert (facts.architecture, facts.name, facts.context_length) == ("llama", "Tiny", 256)
    assert (facts.layers, facts.kv_heads, facts.key_length, facts.value_length) == (2, 2, 16, 16)
    assert (facts.vocabulary, facts.chat_template) == (VOCABULARY, True)
    assert facts.file_size == model.stat().st_size


def test_the_weights_end_where_the_reference_reader_sees_them_end(model: Path) -> None:
    reader = GGUFReader(model)
    end = max(tensor.data_offset + tensor.n_bytes for tensor in reader.tensors)
    assert inspect(model).weights_size == end - reader.data_offset


def test_a_stated_head_size_goes_before_the_computed_one(tmp_path: Path) -> None:
    facts = inspect(write_gguf(tmp_path / "m.gguf", key_length=128))
    assert (facts.key_length, facts.value_length) == (128, 128)


def test_of_layers_with_different_heads_the_largest_counts(tmp_path: Path) -> None:
    assert inspect(write_gguf(tmp_path / "m.gguf", kv_heads=[1, 4])).kv_heads == 4


def test_the_tensor_types_have_the_sizes_of_the_reference() -> None:
    reference = {int(kind): size for kind, size in GGML_QUANT_SIZES.items() if int(kind) != Q8_1}
    assert reference == BLOCKS


Q8_1 = 9  # only an intermediate of llama.cpp's kernels, never in a file; the reference has an old size for it


def test_a_file_cut_in_its_weights_is_refused_with_both_sizes(model: Path) -> None:
    whole = model.read_bytes()
    model.write_bytes(whole[:-40])
    with pytest.raises(ModelDamaged, match=rf"cut short: {len(whole) - 40:,} bytes are there, its tensors need"):
        inspect(model)


def test_a_file_cut_in_its_header_is_refused(model: Path) -> None:
    model.write_bytes(model.read_bytes()[:200])
    with pytest.raises(ModelDamaged, match="header goes beyond its 200 bytes"):
        inspect(model)


def test_another_kind_of_file_is_named_by_its_start(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ModelDamaged, match=r"not a GGUF file: it starts with b'vers'"):
        inspect(path)


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").touch()
    with pytest.raises(ModelDamaged, match="is empty"):
        inspect(tmp_path / "model.gguf")


@pytest.mark.parametrize(
    ("version", "said"), [(struct.pack("<I", 1), "GGUF version 1"), (struct.pack(">I", 3), "big-endian")]
)
def test_a_version_that_cannot_be_read_is_named(model: Path, version: bytes, said: str) -> None:
    content = bytearray(model.read_bytes())
    content[4:8] = version
    model.write_bytes(content)
    with pytest.raises(ModelDamaged, match=said):
        inspect(model)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="There is no file"):
        inspect(tmp_path / "no.gguf")


def test_a_directory_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged, match="cannot be read: Is a directory"):
        inspect(tmp_path)


@pytest.mark.parametrize(("key", "kind"), [(b"block_count", 8), (b"embedding_length", 6)], ids=["string", "float"])
def test_a_number_that_is_none_is_named(model: Path, key: bytes, kind: int) -> None:
    content = bytearray(model.read_bytes())
    at = content.index(key) + len(key)
    content[at : at + 4] = struct.pack("<I", kind)
    model.write_bytes(content)
    with pytest.raises(ModelDamaged, match="damaged"):
        inspect(model)


def test_a_tensor_of_impossible_shape_is_damage_and_not_a_long_calculation(model: Path) -> None:
    content = bytearray(model.read_bytes())
    at = content.index(b"output.weight") + len(b"output.weight")
    content[at : at + 4] = struct.pack("<I", 2**31)
    model.write_bytes(content)
    with pytest.raises(ModelDamaged, match="2,147,483,648 dimensions"):
        inspect(model)


@given(position=st.integers(4, 400), value=st.binary(min_size=1, max_size=12))
def test_whatever_is_damaged_in_the_header_no_other_error_comes_out(model: Path, position: int, value: bytes) -> None:
    whole = model.read_bytes()
    damaged = model.with_name("damaged.gguf")
    damaged.write_bytes(whole[:position] + value + whole[position + len(value) :])
    with contextlib.suppress(ModelDamaged):
        inspect(damaged)


class Arriving:
    """A file of which not one byte more is there than was read."""

    remedy = "Wait."

    def __init__(self, content: bytes, name: str) -> None:
        self.name, self.size, self.there = name, len(content), b""
        self._content = content

    def upto(self, end: int) -> bytes:
        self.there = self._content[: max(end, len(self.there))]
        return self.there


def test_a_header_is_read_from_a_prefix_that_ends_before_the_weights(model: Path) -> None:
    file = Arriving(model.read_bytes(), str(model))
    assert facts_of_parts([Header(file)]) == inspect(model)
    assert len(file.there) <= GGUFReader(model).data_offset


def test_of_a_model_in_parts_all_count_whichever_is_named(tmp_path: Path) -> None:
    whole, parts = inspect(write_gguf(tmp_path / "tiny.gguf")), split_gguf(tmp_path, "tiny")
    facts = inspect(parts[0])
    assert facts.file_size == sum(part.stat().st_size for part in parts)
    assert (facts.parameters, facts.tied, facts.layers) == (whole.parameters, whole.tied, whole.layers)
    assert inspect(parts[1]) == facts
    parts[1].unlink()
    with pytest.raises(ModelNotFound, match=r"There is no file .*tiny-00002-of-00002"):
        inspect(parts[0])

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.gguf_files import write_gguf

from llmctl.serving.errors import DownloadFailed, ModelDamaged, ModelNotFound
from llmctl.serving.models.disk import require_space
from llmctl.serving.models.fetching import fetch
from llmctl.serving.models.hub import Hub
from llmctl.serving.models.model_file import ModelFile
from llmctl.serving.models.resolution import resolve

NO_HUB = Hub(endpoint="http://127.0.0.1:9")
"""Port 9 answers nobody: a test that would ask the Hub fails."""


def on_disk(model_id: str, base: Path) -> ModelFile:
    return resolve(model_id, base=base, hub=NO_HUB)


def no_progress(done: int, total: int | None) -> None:
    pass


def test_the_default_model_is_the_embedded_one_and_asks_nobody(tmp_path: Path) -> None:
    file = on_disk("HuggingFaceTB/SmolLM2-135M-Instruct", tmp_path)
    assert (file.source, file.revision, file.size) == ("embedded", "0.1.2", 98_362_432)


def test_a_relative_path_counts_from_the_base(tmp_path: Path) -> None:
    model = write_gguf(tmp_path / "tiny.gguf")
    assert on_disk("tiny.gguf", tmp_path).filename == str(model)
    assert on_disk("./tiny.gguf", tmp_path).filename == str(model)
    assert on_disk(str(model), tmp_path / "elsewhere").filename == str(model)


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_gguf(tmp_path / "tiny.gguf")
    assert on_disk("~/tiny.gguf", Path("/")).filename == str(tmp_path / "tiny.gguf")


def test_a_missing_file_is_named_in_full(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=f"There is no file {tmp_path}/no.gguf"):
        on_disk("no.gguf", tmp_path)


def test_a_directory_lists_the_files_to_choose_from(tmp_path: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    with pytest.raises(ModelNotFound, match=r"is a directory; name one \.gguf file: tiny\.gguf"):
        on_disk("./", tmp_path)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ModelDamaged, match=r"llama\.cpp reads only GGUF"):
        on_disk("./model.safetensors", tmp_path)


def test_a_file_that_may_not_be_read_says_how_to_allow_it() -> None:
    with as_an_ordinary_user(), tempfile.TemporaryDirectory(dir="/tmp") as directory:  # not in a directory of root's
        model = write_gguf(Path(directory) / "tiny.gguf")
        model.chmod(0)
        with pytest.raises(ModelDamaged, match="chmod u\\+r"):
            on_disk("./tiny.gguf", Path(directory))


@contextlib.contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """root may read everything, so root is nobody for a while."""
    is_root = os.geteuid() == 0
    if is_root:
        os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        if is_root:
            os.setresuid(0, 0, 0)


@pytest.mark.parametrize("words", ["gpt2", "a/b/c", "", "org/name with blank"])
def test_words_that_are_neither_path_nor_hub_id_say_what_is_allowed(words: str, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="names no model: write a Hub id"):
        on_disk(words, tmp_path)


def test_a_whole_file_is_used_where_it_lies(tmp_path: Path) -> None:
    model = write_gguf(tmp_path / "tiny.gguf")
    assert fetch(on_disk("tiny.gguf", tmp_path), cache=tmp_path / "cache", progress=no_progress) == model
    assert not (tmp_path / "cache").exists()


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    model = write_gguf(tmp_path / "tiny.gguf")
    model.write_bytes(model.read_bytes()[:-40])
    with pytest.raises(ModelDamaged, match="cut short"):
        fetch(on_disk("tiny.gguf", tmp_path), cache=tmp_path, progress=no_progress)


def test_a_file_that_changed_or_went_since_it_was_resolved_is_refused(tmp_path: Path) -> None:
    model = write_gguf(tmp_path / "tiny.gguf")
    file = on_disk("tiny.gguf", tmp_path)
    model.write_bytes(b"GGUF")
    with pytest.raises(ModelDamaged, match="has changed since"):
        fetch(file, cache=tmp_path, progress=no_progress)
    model.unlink()
    with pytest.raises(ModelNotFound, match="is gone"):
        fetch(file, cache=tmp_path, progress=no_progress)


def test_a_download_that_does_not_fit_is_refused_before_it_starts(tmp_path: Path) -> None:
    require_space(tmp_path, 1, what="org/tiny")
    with pytest.raises(DownloadFailed, match=r"org/tiny needs 1000000000\.0 GB in .*Make room"):
        require_space(tmp_path / "not" / "there" / "yet", 10**18, what="org/tiny")

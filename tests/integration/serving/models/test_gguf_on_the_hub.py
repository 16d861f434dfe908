"""ModelFacts of GGUF files that stay on the Hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.gguf_files import split_gguf, write_gguf
from doubles.hub import COMMIT, HubDouble, hub_double

from llmctl.serving.errors import ModelAccessDenied, ModelDamaged, ModelError, ModelNotFound
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.models.facts_reader import model_facts
from llmctl.serving.models.hub import Hub
from llmctl.serving.models.remote_prefix import FIRST, LARGEST

MODEL = "org/tiny-GGUF"
FILE = "tiny-Q4_K_M.gguf"
TOKEN = "hf_" + "t0ken" * 6
LONG = "{{ messages }}" + " " * (2 * FIRST)
"""A chat template with which the header does not fit the first piece."""


@pytest.fixture
def hub() -> Iterator[HubDouble]:
    with hub_double() as double:
        yield double


@pytest.fixture
def read(hub: HubDouble, tmp_path: Path) -> Callable[..., ModelFacts]:
    def facts(*, token: str | None = None, **asked: str) -> ModelFacts:
        return model_facts(MODEL, base=tmp_path, hub=Hub(endpoint=hub.endpoint, token=token), **asked)  # type: ignore[arg-type]

    return facts


def on_disk(directory: Path, name: str = FILE, **of: object) -> tuple[bytes, ModelFacts]:
    """A file, and what is read of it where it lies."""
    path = write_gguf(directory / name, **of)  # type: ignore[arg-type]
    return path.read_bytes(), model_facts(f"./{name}", base=directory, hub=None)


def with_weights(content: bytes, size: int) -> bytes:
    return content + bytes(size)


def test_the_facts_are_those_of_the_file_on_disk(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    content, facts = on_disk(tmp_path)
    hub.has(MODEL, {FILE: content, "README.md": b"# tiny"})
    hub.has_the_card(MODEL, license="apache-2.0")
    assert read() == replace(
        facts,
        id=MODEL,
        revision=COMMIT,
        source=f"{hub.endpoint}/{MODEL}/blob/{COMMIT}/{FILE}",
        licence="apache-2.0",
        gated=False,
    )


def test_the_weights_are_not_downloaded(hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path) -> None:
    content = with_weights(on_disk(tmp_path)[0], 3 * FIRST)
    hub.has(MODEL, {FILE: content})
    assert read().weight_bytes == len(content)
    assert hub.ranges_asked_for() == [f"bytes=0-{FIRST - 1}"]


def test_a_header_longer_than_the_first_piece_is_read_on(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    content, facts = on_disk(tmp_path, chat_template=LONG)
    hub.has(MODEL, {FILE: content})
    assert read().parameters == facts.parameters
    pieces = [str(piece).removeprefix("bytes=").split("-") for piece in hub.ranges_asked_for()]
    assert pieces[0] == ["0", str(FIRST - 1)]
    ends = [int(end) + 1 for _, end in pieces]
    assert [int(start) for start, _ in pieces[1:]] == ends[:-1], "nothing is fetched twice"


def test_a_server_that_ignores_ranges_is_left_when_the_header_is_there(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    content, facts = on_disk(tmp_path, chat_template=LONG)
    hub.has(MODEL, {FILE: with_weights(content, 20 * FIRST)})
    hub.knows_no_ranges()
    assert read().parameters == facts.parameters
    assert hub.bytes_taken() < 20 * FIRST


def test_a_cut_connection_is_taken_up_where_it_was(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    content, facts = on_disk(tmp_path)
    hub.has(MODEL, {FILE: content})
    hub.cuts_the_connection_after(1000)
    assert read().parameters == facts.parameters
    assert hub.ranges_asked_for()[1] == f"bytes=1000-{len(content) - 1}"


def test_a_quantization_says_which_file_is_meant(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    small, large = on_disk(tmp_path)[0], on_disk(tmp_path, "tiny-Q8_0.gguf", layers=7)[0]
    hub.has(MODEL, {FILE: small, "tiny-Q8_0.gguf": large})
    assert read().layers == 2
    assert (read(quantization="q8_0").layers, read(quantization="q8_0").weight_bytes) == (7, len(large))
    with pytest.raises(ModelNotFound, match=r"has no Q2_K file; set the quantization to one of: Q4_K_M, Q8_0"):
        read(quantization="Q2_K")


def test_of_a_model_in_parts_all_parts_count(hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path) -> None:
    whole = on_disk(tmp_path)[1]
    parts = split_gguf(tmp_path, "tiny-BF16")
    hub.has(MODEL, {f"BF16/{part.name}": part.read_bytes() for part in parts})
    facts = read()
    assert (facts.parameters, facts.tied_embeddings) == (whole.parameters, whole.tied_embeddings)
    assert facts.weight_bytes == sum(part.stat().st_size for part in parts)
    assert facts.source.endswith(f"/{COMMIT}/BF16/{parts[0].name}")


def test_a_model_of_which_a_part_lacks_is_refused(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    first, second = split_gguf(tmp_path, "tiny-BF16")
    hub.has(MODEL, {first.name: first.read_bytes()})
    with pytest.raises(ModelNotFound, match=f"lacks {second.name}, one of 2 parts"):
        read()


def test_a_repository_with_safetensors_too_is_read_by_its_config(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    hub.has(MODEL, {FILE: on_disk(tmp_path)[0], "model-1.safetensors": b"", "model-2.safetensors": b""})
    with pytest.raises(ModelNotFound, match=r"has no config\.json"):
        read()


def cut(content: bytes) -> bytes:
    return content[:200]


def without_weights(content: bytes) -> bytes:
    return content[:-40]


def pointer(_: bytes) -> bytes:
    return b"version https://git-lfs.github.com/spec/v1\n"


def nothing(_: bytes) -> bytes:
    return b""


def endless(content: bytes) -> bytes:
    """Its name has as many bytes as a header may have, and they are there."""
    at = content.index(b"general.name") + len(b"general.name") + 4
    return content[:at] + LARGEST.to_bytes(8, "little") + bytes(LARGEST + 1)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "its header goes beyond its 200 bytes"),
        (without_weights, "is cut short: .* bytes are there, its tensors need"),
        (pointer, "is not a GGUF file: it starts with b'vers'"),
        (nothing, "is empty"),
        (endless, "its header goes beyond 67,108,864 bytes"),
    ],
)
def test_a_file_that_is_damaged_there_is_refused_in_one_line(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path, damage: Callable[[bytes], bytes], said: str
) -> None:
    hub.has(MODEL, {FILE: damage(on_disk(tmp_path)[0])})
    with pytest.raises(ModelDamaged, match=f"^{MODEL} {FILE} .*{said}") as raised:
        read()
    assert "\n" not in str(raised.value)


def test_a_file_that_lacks_a_number_is_named_by_its_address(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    hub.has(MODEL, {FILE: write_gguf(tmp_path / FILE, feed_forward=None).read_bytes()})
    with pytest.raises(ModelError, match=f"{MODEL}/blob/{COMMIT}/{FILE} does not say its feed_forward_length"):
        read()


def test_a_server_that_sends_nothing_is_given_up(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    content = on_disk(tmp_path)[0]
    hub.has(MODEL, {FILE: content})
    hub.serves_other_bytes(b"", instead_of=content)
    with pytest.raises(ModelNotFound, match="The server ends a file after 0 bytes"):
        read()


def test_a_gated_repository_wants_a_token_and_never_shows_it(
    hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path
) -> None:
    hub.has(MODEL, {FILE: on_disk(tmp_path)[0]})
    hub.requires_licence(MODEL)
    hub.knows_the_token(TOKEN)
    with pytest.raises(ModelAccessDenied, match=f"{MODEL} is gated") as raised:
        read(token=TOKEN)
    assert TOKEN not in str(raised.value)


def test_the_token_stays_with_the_hub(hub: HubDouble, read: Callable[..., ModelFacts], tmp_path: Path) -> None:
    hub.has(MODEL, {FILE: on_disk(tmp_path)[0]})
    hub.knows_the_token(TOKEN)
    read(token=TOKEN)
    assert {seen.authorization for seen in hub.requests if seen.server == "storage"} == {None}

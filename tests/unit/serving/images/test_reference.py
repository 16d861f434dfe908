from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.errors import InvalidImage
from llmctl.serving.images.reference import DIGEST, REPOSITORY, TAG, is_loopback, parse_reference

DIGEST_OF_NOTHING = "sha256:" + "0" * 64

SPELT_IN_FULL = {
    "haproxy": "docker.io/library/haproxy:latest",
    "haproxy:3.0": "docker.io/library/haproxy:3.0",
    "vllm/vllm-openai:v0.11.0": "docker.io/vllm/vllm-openai:v0.11.0",
    "docker.io/haproxy:3.0": "docker.io/library/haproxy:3.0",
    "index.docker.io/library/haproxy:3.0": "docker.io/library/haproxy:3.0",
    "ghcr.io/huggingface/text-generation-inference:3.3.7": "ghcr.io/huggingface/text-generation-inference:3.3.7",
    "localhost/a": "localhost/a:latest",
    "localhost:5000/a/b": "localhost:5000/a/b:latest",
    "[::1]:5000/a:1": "[::1]:5000/a:1",
    f"ghcr.io/a/b@{DIGEST_OF_NOTHING}": f"ghcr.io/a/b@{DIGEST_OF_NOTHING}",
    f"ghcr.io/a/b:1@{DIGEST_OF_NOTHING}": f"ghcr.io/a/b:1@{DIGEST_OF_NOTHING}",
}


@pytest.mark.parametrize(("short", "full"), SPELT_IN_FULL.items(), ids=SPELT_IN_FULL)
def test_a_reference_is_spelt_in_full(short: str, full: str) -> None:
    assert str(parse_reference(short)) == full
    assert str(parse_reference(full)) == full, "the full spelling means itself"


MISTAKES = {
    "nothing": ("", "repository"),
    "an address": ("https://ghcr.io/a/b:1", "registry"),
    "capitals": ("ghcr.io/Team/model:1", "repository"),
    "an empty tag": ("ghcr.io/a/b:", "tag"),
    "a tag with a blank": ("ghcr.io/a/b:1 2", "tag"),
    "a tag that is too long": ("ghcr.io/a/b:" + "x" * 129, "tag"),
    "an empty digest": ("ghcr.io/a/b@", "digest"),
    "a short digest": ("ghcr.io/a/b@sha256:abc", "digest"),
    "a digest in capitals": ("ghcr.io/a/b@sha256:" + "A" * 64, "digest"),
    "a digest by another hash": ("ghcr.io/a/b@sha512:" + "0" * 128, "digest"),
    "a step upwards": ("ghcr.io/a/../b:1", "repository"),
    "two slashes": ("ghcr.io/a//b:1", "repository"),
    "a query": ("ghcr.io/a?x=1:1", "repository"),
    "a user in the host": ("user@ghcr.io/a:1", "digest"),
    "a port that is a word": ("ghcr.io:port/a:1", "registry"),
    "a line break": ("ghcr.io/a:1\n", "tag"),
}


@pytest.mark.parametrize(("text", "part"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_the_part_and_what_is_allowed(text: str, part: str) -> None:
    with pytest.raises(InvalidImage) as caught:
        parse_reference(text)
    said = str(caught.value)
    assert f"cannot be its {part}. Allowed: HOST/REPOSITORY:TAG" in said
    assert "\n" not in said, "one line"


@given(
    host=st.sampled_from(["ghcr.io", "localhost", "127.0.0.1:5000", "a-b.example.com:443"]),
    repository=st.from_regex(REPOSITORY, fullmatch=True),
    tag=st.from_regex(TAG, fullmatch=True).filter(lambda tag: not tag.endswith("\n")),
    digest=st.none() | st.from_regex(DIGEST, fullmatch=True),
)
def test_what_is_spelt_in_full_is_taken_apart_and_put_together_again(
    host: str, repository: str, tag: str, digest: str | None
) -> None:
    reference = parse_reference(f"{host}/{repository}:{tag}" + (f"@{digest}" if digest else ""))
    assert (reference.host, reference.repository, reference.tag, reference.digest) == (host, repository, tag, digest)
    assert parse_reference(str(reference)) == reference


def test_a_registry_is_asked_for_the_digest_where_there_is_one() -> None:
    assert parse_reference("ghcr.io/a/b:1").version == "1"
    assert parse_reference(f"ghcr.io/a/b:1@{DIGEST_OF_NOTHING}").version == DIGEST_OF_NOTHING


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1", "127.1.2.3:80", "[::1]:5000"])
def test_this_machine_is_spoken_to_without_tls(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["ghcr.io", "10.0.0.1:5000", "localhost.example.com", "127.0.0.1.example.com", "[::2]"]
)
def test_nothing_else_is(host: str) -> None:
    assert not is_loopback(host)

"""Where a model's files are in its container, who is asked for them, and on which ports the relay finds them."""

from __future__ import annotations

from typing import Any

import pytest

from llmctl.infra.kubernetes.weights import Listers, hub_of, ports, weights_of
from llmctl.infra.model_settings import ModelSettings
from llmctl.serving.errors import ModelNotFound
from llmctl.serving.models.hub import Hub
from llmctl.serving.weights.spec import SourceKind, WeightFile, Weights

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OFFLINE = Listers(hub=None, environ={}, hub_token=False)

PORTS = {
    "https://huggingface.co": (443,),
    "https://mirror.example:8443/hf": (443, 8443),
    "http://mirror.example": (80, 443),
    "http://192.0.2.7:8081": (443, 8081),
    "http://[2001:db8::7]:8081": (443, 8081),
}


@pytest.mark.parametrize(("url", "expected"), PORTS.items())
def test_the_ports_of_a_hub_are_its_own_and_that_of_https(url: str, expected: tuple[int, ...]) -> None:
    assert ports(Weights(kind=SourceKind.HUB, url=url)) == expected


REGISTRIES = {
    "registry.example/models/llama@sha256:00": (443,),
    "registry.example:5000/models/llama@sha256:00": (443, 5000),
}


@pytest.mark.parametrize(("url", "expected"), REGISTRIES.items())
def test_the_ports_of_a_registry(url: str, expected: tuple[int, ...]) -> None:
    assert ports(Weights(kind=SourceKind.OCI, url=url)) == expected


def test_a_bucket_is_reached_by_https() -> None:
    assert ports(Weights(kind=SourceKind.BUCKET, url="s3://bucket/prefix")) == (443,)


def model(**settings: Any) -> ModelSettings:
    return ModelSettings.model_validate({"id": "owner/name", "accelerator": "cpu", **settings})


def test_a_mirror_is_asked_in_the_place_of_the_hub_with_the_same_token() -> None:
    hub = Hub(endpoint="https://huggingface.co", token="t")
    assert hub_of(model(), hub) == hub
    mirrored = hub_of(model(weights={"url": "https://mirror.example/"}), hub)
    assert mirrored == Hub(endpoint="https://mirror.example", token="t")
    assert hub_of(model(weights={"url": "https://mirror.example"}), None) is None


def test_the_url_of_another_source_is_no_hub() -> None:
    hub = Hub()
    assert hub_of(model(weights={"source": "pvc", "url": "claim/name.gguf"}), hub) == hub


LISTED = Weights(
    kind=SourceKind.HUB,
    url="https://mirror.example",
    repository="owner/name",
    revision=COMMIT,
    files=(WeightFile(path="name.gguf", size=1, sha256="0" * 64),),
)

KEPT: dict[str, dict[str, Any]] = {
    "nothing is said": {},
    "the same commit": {"revision": COMMIT},
    "the same mirror": {"weights": {"url": "https://mirror.example"}},
    "the same mirror with a slash": {"weights": {"url": "https://mirror.example/"}},
}


@pytest.mark.parametrize("settings", KEPT.values(), ids=KEPT)
def test_files_that_are_known_are_not_asked_for_again(settings: dict[str, Any]) -> None:
    local = weights_of(model(**settings), LISTED, OFFLINE, "/weights")
    assert (local.weights, local.path) == (LISTED, "/weights/name.gguf")


ANEW: dict[str, dict[str, Any]] = {
    "another revision": {"revision": "f" * 40},
    "another mirror": {"weights": {"url": "https://other.example"}},
    "another repository": {"id": "owner/other"},
}


@pytest.mark.parametrize("settings", ANEW.values(), ids=ANEW)
def test_what_was_asked_for_anew_is_listed_anew(settings: dict[str, Any]) -> None:
    with pytest.raises(ModelNotFound, match="its files must be listed, and HF_HUB_OFFLINE is set"):
        weights_of(model(**settings), LISTED, OFFLINE, "/weights")


def test_an_image_brings_its_weights() -> None:
    local = weights_of(model(weights={"source": "image", "url": "/models/a.gguf"}), None, OFFLINE, "/weights")
    assert (local.weights, local.path) == (None, "/models/a.gguf")


CLAIMS = {
    ("cpu", "claim/llama/a.gguf"): ("claim/llama", "/weights/a.gguf"),
    ("cpu", "claim/a.gguf"): ("claim", "/weights/a.gguf"),
    ("l4:1", "claim/llama"): ("claim/llama", "/weights"),
}


@pytest.mark.parametrize(("asked", "expected"), CLAIMS.items())
def test_a_claim_names_a_directory_and_for_gguf_the_file_in_it(
    asked: tuple[str, str], expected: tuple[str, str]
) -> None:
    accelerator, url = asked
    local = weights_of(model(accelerator=accelerator, weights={"source": "pvc", "url": url}), None, OFFLINE, "/weights")
    assert local.weights
    assert (local.weights.url, local.path) == expected

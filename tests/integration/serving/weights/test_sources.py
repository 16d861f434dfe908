"""Bucket, OCI artifact and volume: real servers, a real relay, a real fetcher."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from doubles.hub import HubDouble
from doubles.model_repositories import as_json, config
from drivers.oci_images import artifact, noise, one_platform
from drivers.oci_registry import PASSWORD, USER, docker_login, oci_registry
from drivers.s3_server import S3Server
from drivers.weights import WeightsStack

from llmctl.serving.errors import InvalidWeights, ModelNotFound
from llmctl.serving.models.hub import Hub
from llmctl.serving.weights.configuration import variable_prefix
from llmctl.serving.weights.fetch.partial import PART
from llmctl.serving.weights.listing.bucket import list_bucket
from llmctl.serving.weights.listing.hub import list_hub
from llmctl.serving.weights.listing.oci import list_oci
from llmctl.serving.weights.spec import SourceKind, Weights

FILES = {"config.json": as_json(config()), "tokenizer.json": b"{}", "model.safetensors": noise(PART + 4321, seed=3)}
BUCKET = "s3://models/tiny"


def of_secret(name: str, variables: Mapping[str, str]) -> dict[str, str]:
    """As the relay's Deployment has them: `envFrom` with a prefix."""
    return {f"{variable_prefix(name)}{key}": value for key, value in variables.items()}


def test_a_bucket_gives_what_its_checksums_name(s3: S3Server, stack: WeightsStack) -> None:
    s3.holds(BUCKET, {**FILES, "pytorch_model.bin": b"pickle"})
    stack.environ = of_secret("bucket-keys", s3.variables)
    stack.serves(tiny=list_bucket(BUCKET, gguf=False, environ=s3.variables, credentials="bucket-keys"))
    assert stack.fetched("tiny").files() == FILES


def test_a_bucket_without_checksums_is_refused_with_how_to_make_them(s3: S3Server) -> None:
    s3.holds("s3://models/bare", FILES, sums=False)
    with pytest.raises(InvalidWeights, match=r"has no SHA256SUMS.*sha256sum"):
        list_bucket("s3://models/bare", gguf=False, environ=s3.variables)


def test_a_file_that_the_checksums_leave_out_is_refused_by_its_name(s3: S3Server) -> None:
    s3.holds("s3://models/grown", {"model.safetensors": b"1"})
    s3.holds("s3://models/grown", {"config.json": b"{}"}, sums=False)
    with pytest.raises(InvalidWeights, match=r"SHA256SUMS does not have config.json"):
        list_bucket("s3://models/grown", gguf=False, environ=s3.variables)


def test_wrong_keys_are_told_without_being_shown(s3: S3Server) -> None:
    wrong = {**s3.variables, "AWS_SECRET_ACCESS_KEY": "not-the-right-one"}
    with pytest.raises(ModelNotFound, match=r"s3://models/tiny refuses the credentials there are \(HTTP 403") as said:
        list_bucket(BUCKET, gguf=False, environ=wrong)
    assert wrong["AWS_SECRET_ACCESS_KEY"] not in str(said.value)


def test_the_relay_says_why_a_bucket_refuses_it(s3: S3Server, stack: WeightsStack) -> None:
    s3.holds(BUCKET, FILES)
    stack.environ = of_secret("bucket-keys", {**s3.variables, "AWS_SECRET_ACCESS_KEY": "wrong"})
    stack.serves(tiny=list_bucket(BUCKET, gguf=False, environ=s3.variables, credentials="bucket-keys"))
    fetcher = stack.fetcher("tiny")
    assert fetcher.exit_code() == 1
    assert "s3://models/tiny refuses the credentials there are" in fetcher.last_line()


@pytest.mark.parametrize("annotation", ["org.opencontainers.image.title", "org.cncf.model.filepath"])
def test_an_artifact_gives_the_files_of_its_layers(tmp_path: Path, stack: WeightsStack, annotation: str) -> None:
    with oci_registry(tmp_path / "registry") as registry:
        registry.holds("models/tiny", "v1", artifact(FILES, annotation=annotation))
        weights = list_oci(f"{registry.host}/models/tiny:v1", gguf=False, environ={"HOME": str(tmp_path)})
        assert "@sha256:" in weights.url
        stack.serves(tiny=weights)
        assert stack.fetched("tiny").files() == FILES


def test_a_registry_that_asks_who_is_there_is_shown_the_secret_only(tmp_path: Path, stack: WeightsStack) -> None:
    with oci_registry(tmp_path / "registry", htpasswd=True) as registry:
        registry.holds("models/tiny", "v1", artifact(FILES))
        login = docker_login(tmp_path / "docker", registry.host)
        weights = list_oci(f"{registry.host}/models/tiny:v1", gguf=False, environ=login, credentials="registry")
        stack.environ = of_secret("registry", {"REGISTRY_USERNAME": USER, "REGISTRY_PASSWORD": PASSWORD})
        stack.serves(tiny=weights)
        assert stack.fetched("tiny").files() == FILES

        stack.environ = of_secret("another", {"REGISTRY_USERNAME": USER, "REGISTRY_PASSWORD": PASSWORD})
        stack.serves(again=weights)
        refused = stack.fetcher("again")
        assert refused.exit_code() == 1
        assert "(HTTP 401)" in refused.last_line()
        assert PASSWORD not in stack.relay_log()


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (one_platform(), "it is an image, and no model"),
        (artifact({"model.safetensors": b"1"}, media_type="application/vnd.cncf.model.weight.v1.tar+gzip"), "packed"),
    ],
)
def test_an_artifact_that_would_have_to_be_unpacked_is_refused(tmp_path: Path, image: object, said: str) -> None:
    with oci_registry(tmp_path / "registry") as registry:
        registry.holds("models/tiny", "v1", image)  # type: ignore[arg-type]
        with pytest.raises((InvalidWeights, ModelNotFound), match=said):
            list_oci(f"{registry.host}/models/tiny:v1", gguf=False, environ={"HOME": str(tmp_path)})


def volume(directory: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    lines = (f"{hashlib.sha256(content).hexdigest()}  ./{name}\n" for name, content in files.items())
    (directory / "SHA256SUMS").write_text("".join(lines))
    return directory


def test_a_volume_is_copied_and_verified(tmp_path: Path, stack: WeightsStack) -> None:
    mounted = volume(tmp_path / "claim", {**FILES, "lora/adapter.safetensors": b"2"})
    stack.serves(tiny=Weights(kind=SourceKind.PVC, url="claim/tiny"))
    assert stack.fetched("tiny", volume=mounted).files() == {**FILES, "lora/adapter.safetensors": b"2"}


def test_a_volume_with_a_damaged_file_is_refused(tmp_path: Path, stack: WeightsStack) -> None:
    mounted = volume(tmp_path / "claim", FILES)
    (mounted / "tokenizer.json").write_bytes(b"[]")
    stack.serves(tiny=Weights(kind=SourceKind.PVC, url="claim/tiny"))
    fetcher = stack.fetcher("tiny", volume=mounted)
    assert fetcher.exit_code() == 4
    assert "tokenizer.json has the SHA-256" in fetcher.last_line()
    assert "tokenizer.json" not in fetcher.files()


def test_a_link_out_of_the_volume_is_not_read(tmp_path: Path, stack: WeightsStack) -> None:
    outside = tmp_path / "secret"
    outside.write_bytes(b"not yours")
    mounted = volume(tmp_path / "claim", {"model.safetensors": b"not yours"})
    (mounted / "model.safetensors").unlink()
    (mounted / "model.safetensors").symlink_to(outside)
    stack.serves(tiny=Weights(kind=SourceKind.PVC, url="claim/tiny"))
    fetcher = stack.fetcher("tiny", volume=mounted)
    assert fetcher.exit_code() == 1
    assert "leads out of it" in fetcher.last_line()


def test_a_volume_without_checksums_is_refused(tmp_path: Path, stack: WeightsStack) -> None:
    mounted = volume(tmp_path / "claim", FILES)
    (mounted / "SHA256SUMS").unlink()
    stack.serves(tiny=Weights(kind=SourceKind.PVC, url="claim/tiny"))
    fetcher = stack.fetcher("tiny", volume=mounted)
    assert fetcher.exit_code() == 2
    assert "has no SHA256SUMS" in fetcher.last_line()


def test_two_models_of_two_sources_each_get_their_own(hub: HubDouble, s3: S3Server, stack: WeightsStack) -> None:
    other = {"config.json": b"{}", "model.safetensors": noise(5000, seed=4)}
    hub.has("org/other", other)
    s3.holds(BUCKET, FILES)
    stack.environ = of_secret("bucket-keys", s3.variables)
    stack.serves(
        tiny=list_bucket(BUCKET, gguf=False, environ=s3.variables, credentials="bucket-keys"),
        other=list_hub("org/other", revision=None, gguf=False, hub=Hub(endpoint=hub.endpoint)),
    )
    assert stack.fetched("tiny").files() == FILES
    assert stack.fetched("other").files() == other

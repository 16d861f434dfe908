"""Who is let in: the real registry with passwords and with tokens, and what only a double can say."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from doubles.registry import RegistryDouble
from drivers.oci_images import noise, one_platform
from drivers.oci_registry import PASSWORD, USER, OciRegistry, docker_login, oci_registry
from drivers.token_server import TokenServer, token_server

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.manifest import parse_manifest
from llmctl.serving.images.registry import Registry

IMAGE = one_platform(layers=[noise(1000)])
NOBODY = {"DOCKER_CONFIG": "/nowhere"}


@pytest.fixture(scope="module")
def by_password(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OciRegistry]:
    with oci_registry(tmp_path_factory.mktemp("htpasswd"), htpasswd=True) as running:
        running.holds("team/private", "1.0", IMAGE)
        yield running


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with token_server(tmp_path_factory.mktemp("tokens")) as running:
        yield running


@pytest.fixture(scope="module")
def by_token(tmp_path_factory: pytest.TempPathFactory, tokens: TokenServer) -> Iterator[OciRegistry]:
    directory = tmp_path_factory.mktemp("by-token")
    with oci_registry(directory, token=tokens.settings) as running:
        for repository in ("public/model", "team/private"):
            push(Registry(running.host, docker_login(directory / "docker", running.host)), repository)
        yield running


def push(registry: Registry, repository: str) -> None:
    manifest = parse_manifest(IMAGE.top.body, IMAGE.top.media_type, where="the test's image")
    for blob in manifest.blobs:
        registry.push_blob(repository, blob, iter([IMAGE.blobs[blob.digest]]))
    registry.push_manifest(repository, "1.0", manifest)
    registry.close()


def digest(host: str, repository: str, environ: Mapping[str, str]) -> str:
    registry = Registry(host, environ, pause=lambda _: None)
    try:
        return registry.manifest(repository, "1.0").digest
    finally:
        registry.close()


def refusal(host: str, repository: str, environ: Mapping[str, str]) -> str:
    with pytest.raises(RegistryError) as caught:
        digest(host, repository, environ)
    return str(caught.value)


def test_a_password_opens_a_registry(by_password: OciRegistry, tmp_path: Path) -> None:
    assert digest(by_password.host, "team/private", docker_login(tmp_path, by_password.host)) == IMAGE.digest


def test_without_credentials_the_message_says_where_they_were_looked_for(by_password: OciRegistry) -> None:
    host = by_password.host
    assert refusal(host, "team/private", NOBODY) == (
        f"{host} refuses a request for {host}/team/private:1.0 (HTTP 401: UNAUTHORIZED: authentication required); "
        f"credentials: /nowhere/config.json has none for {host}. Log in: docker login {host}"
    )


def test_a_wrong_password_is_said_and_not_repeated(by_password: OciRegistry, tmp_path: Path) -> None:
    environ = docker_login(tmp_path, by_password.host, password="assembled-and-wrong")
    said = refusal(by_password.host, "team/private", environ)
    assert f"credentials: those for {by_password.host} in {tmp_path}/config.json" in said
    assert "assembled-and-wrong" not in said


def test_everybody_gets_a_token_for_what_is_public(by_token: OciRegistry, tokens: TokenServer) -> None:
    assert digest(by_token.host, "public/model", NOBODY) == IMAGE.digest
    assert tokens.scopes[-1] == "repository:public/model:pull", "the right that is needed, and no other"


def test_a_token_for_what_is_private_takes_a_login(by_token: OciRegistry, tmp_path: Path) -> None:
    assert digest(by_token.host, "team/private", docker_login(tmp_path, by_token.host)) == IMAGE.digest
    assert "(HTTP 401: UNAUTHORIZED" in refusal(by_token.host, "team/private", NOBODY)


def test_somebody_who_may_not_push_is_told_so_before_a_byte_is_sent(by_token: OciRegistry) -> None:
    registry, sent = Registry(by_token.host, NOBODY), iter([b"never"])
    (blob, *_) = parse_manifest(IMAGE.top.body, IMAGE.top.media_type, where="the test's image").blobs
    with pytest.raises(RegistryError, match=rf"refuses an upload to {by_token.host}/public/model \(HTTP 401"):
        registry.push_blob("public/model", blob, sent)
    registry.close()
    assert next(sent) == b"never"


def test_a_wrong_password_gets_no_token(by_token: OciRegistry, tmp_path: Path) -> None:
    said = refusal(by_token.host, "team/private", docker_login(tmp_path, by_token.host, password="assembled-and-wrong"))
    assert said == (
        "127.0.0.1 gives no token for repository:team/private:pull (HTTP 401); credentials: those for "
        f"{by_token.host} in {tmp_path}/config.json. Log in: docker login {by_token.host}"
    )


def test_one_token_serves_for_all_layers_of_a_repository(double: RegistryDouble) -> None:
    double.has("a", "1.0", IMAGE)
    double.wants_token()
    registry = Registry(double.host, NOBODY)
    for blob in registry.manifest("a", "1.0").blobs:
        b"".join(registry.blob("a", blob))
    registry.close()
    assert len(double.asked("/token")) == 1


def test_a_token_that_has_expired_is_replaced_by_a_new_one(double: RegistryDouble) -> None:
    double.has("a", "1.0", IMAGE)
    double.wants_token()
    registry = Registry(double.host, NOBODY)
    registry.manifest("a", "1.0")
    double.forgets_the_token("another-token")
    assert registry.manifest("a", "1.0").digest == IMAGE.digest
    registry.close()


def test_an_identity_token_is_exchanged_and_not_sent_to_the_registry(double: RegistryDouble, tmp_path: Path) -> None:
    double.has("a", "1.0", IMAGE)
    double.wants_token(login="assembled-identity")
    (tmp_path / "config.json").write_text(
        json.dumps({"auths": {double.host: {"identitytoken": "assembled-identity", "auth": "eDo="}}})
    )
    assert digest(double.host, "a", {"DOCKER_CONFIG": str(tmp_path)}) == IMAGE.digest
    assert [seen.method for seen in double.asked("/token")] == ["POST"]
    assert {seen.authorization for seen in double.requests} == {None, f"Bearer {double.token}"}


def test_the_storage_that_layers_are_redirected_to_sees_no_authorization(
    double: RegistryDouble, tmp_path: Path
) -> None:
    double.has("a", "1.0", IMAGE)
    double.wants_password(f"{USER}:{PASSWORD}")
    double.keeps_layers_in_storage()
    registry = Registry(double.host, docker_login(tmp_path, double.host))
    for blob in registry.manifest("a", "1.0").blobs:
        assert b"".join(registry.blob("a", blob)) == IMAGE.blobs[blob.digest]
    registry.close()
    assert {seen.authorization for seen in double.requests if seen.server == "storage"} == {None}


def test_another_address_that_uploads_are_sent_to_sees_no_authorization(double: RegistryDouble, tmp_path: Path) -> None:
    double.wants_password(f"{USER}:{PASSWORD}")
    double.sends_uploads_to(f"http://{double.storage}/upload")
    registry = Registry(double.host, docker_login(tmp_path, double.host))
    (blob, *_) = parse_manifest(IMAGE.top.body, IMAGE.top.media_type, where="the test's image").blobs
    registry.push_blob("a", blob, iter([IMAGE.blobs[blob.digest]]))
    registry.close()
    assert [(seen.method, seen.authorization) for seen in double.requests if seen.server == "storage"] == [
        ("PUT", None)
    ]


def test_a_password_that_was_refused_is_not_tried_over_and_over(double: RegistryDouble, tmp_path: Path) -> None:
    double.wants_password("somebody:else")
    registry = Registry(double.host, docker_login(tmp_path, double.host))
    for _ in range(2):
        with pytest.raises(RegistryError, match="HTTP 401"):
            registry.manifest("a", "1.0")
    registry.close()
    assert len([seen for seen in double.requests if seen.authorization]) == 2, "once for each question"


def test_a_registry_that_repeats_what_it_was_sent_does_not_get_it_into_the_message(
    double: RegistryDouble, tmp_path: Path
) -> None:
    double.wants_password("somebody:else")
    said = refusal(double.host, "a", docker_login(tmp_path, double.host))
    assert "UNAUTHORIZED: not with Basic [secret]" in said
    assert base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode() not in said


@pytest.mark.parametrize(
    ("challenge", "reason"),
    {
        "Negotiate": "asks for Negotiate authentication. Known: Basic and Bearer.",
        'Bearer realm="http://tokens.example.com/token"': "sends one to http://tokens.example.com, without TLS.",
        'Bearer service="x"': "names no server that gives tokens",
    }.items(),
)
def test_a_challenge_that_cannot_be_met_is_said(double: RegistryDouble, challenge: str, reason: str) -> None:
    double.challenges_with(challenge)
    assert reason in refusal(double.host, "a", NOBODY)

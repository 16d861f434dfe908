"""Docker's configuration file as the many tools write it. A helper is a small program on a PATH of the test's own."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.credentials import Credentials, find_credentials

HOST = "registry.example.com"
AUTH = base64.b64encode(b"me:assembled:secret").decode()
ME = Credentials("me", "assembled:secret")


def environ(directory: Path, config: Mapping[str, Any] | str) -> dict[str, str]:
    text = config if isinstance(config, str) else json.dumps(config)
    (directory / "config.json").write_text(text)
    return {"DOCKER_CONFIG": str(directory), "PATH": str(directory)}


WRITTEN = {
    "by docker login": ({"auths": {HOST: {"auth": AUTH}}}, HOST),
    "as an address": ({"auths": {f"https://{HOST}/v2/": {"auth": AUTH}}}, HOST),
    "with a port": ({"auths": {"localhost:5000": {"auth": AUTH}}}, "localhost:5000"),
    "for Docker Hub": ({"auths": {"https://index.docker.io/v1/": {"auth": AUTH}}}, "docker.io"),
    "for Docker Hub by its short name": ({"auths": {"docker.io": {"auth": AUTH}}}, "docker.io"),
    "in two fields": ({"auths": {HOST: {"username": "me", "password": "assembled:secret"}}}, HOST),
}


@pytest.mark.parametrize(("config", "host"), WRITTEN.values(), ids=WRITTEN)
def test_credentials_are_found_however_they_were_written(tmp_path: Path, config: dict[str, Any], host: str) -> None:
    assert find_credentials(host, environ(tmp_path, config)).credentials == ME


NONE_THERE = {
    "an empty file": {},
    "another registry": {"auths": {"other.example.com": {"auth": AUTH}}},
    "a host that only ends alike": {"auths": {"example.com": {"auth": AUTH}}},
    "an entry without content": {"auths": {HOST: {}}},
    "an entry that is no map": {"auths": {HOST: None}},
    "no map of entries": {"auths": []},
    "no base64": {"auths": {HOST: {"auth": "%%%"}}},
    "base64 of no pair": {"auths": {HOST: {"auth": base64.b64encode(b"me").decode()}}},
    "base64 of no text": {"auths": {HOST: {"auth": base64.b64encode(b"\xff:\xff").decode()}}},
}


@pytest.mark.parametrize("config", NONE_THERE.values(), ids=NONE_THERE)
def test_where_there_are_none_it_is_said_where_they_were_looked_for(tmp_path: Path, config: dict[str, Any]) -> None:
    found = find_credentials(HOST, environ(tmp_path, config))
    assert found.credentials is None
    assert found.where == f"{tmp_path}/config.json has none for {HOST}"


def test_the_file_is_in_the_home_directory_unless_docker_config_names_another(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    environ(tmp_path / ".docker", {"auths": {HOST: {"auth": AUTH}}})
    assert find_credentials(HOST, {"HOME": str(tmp_path)}).credentials == ME
    assert find_credentials(HOST, {"HOME": str(tmp_path), "DOCKER_CONFIG": "/nowhere"}).credentials is None
    assert find_credentials("ghcr.io", {"HOME": str(tmp_path)}).where == "~/.docker/config.json has none for ghcr.io"


def test_an_identity_token_is_known_as_one(tmp_path: Path) -> None:
    config = {"auths": {HOST: {"auth": AUTH, "identitytoken": "assembled-identity"}}}
    found = find_credentials(HOST, environ(tmp_path, config)).credentials
    assert found is not None
    assert (found.is_identity_token, found.password) == (True, "assembled-identity")


def helper(directory: Path, script: str) -> None:
    program = directory / "docker-credential-vault"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("config", "host", "asked"),
    [
        ({"credsStore": "vault"}, HOST, HOST),
        ({"credHelpers": {HOST: "vault"}, "auths": {HOST: {"auth": "eDp5"}}}, HOST, HOST),
        ({"credsStore": "vault"}, "docker.io", "https://index.docker.io/v1/"),
    ],
    ids=["for all registries", "for one registry", "for Docker Hub"],
)
def test_a_helper_is_asked_for_the_registry(tmp_path: Path, config: dict[str, Any], host: str, asked: str) -> None:
    helper(tmp_path, """read -r server; printf '{"Username": "me", "Secret": "at %s by %s"}' "$server" "$1" """)
    found = find_credentials(host, environ(tmp_path, config))
    assert found.credentials == Credentials("me", f"at {asked} by get")
    assert found.where == "those of docker-credential-vault"


BAD_HELPERS = {
    "has none": (
        "echo 'credentials not found in native keychain'; exit 1",
        f"docker-credential-vault has none for {HOST}",
    ),
    "speaks no JSON": ("echo assembled-secret", f"docker-credential-vault gave no usable answer for {HOST}"),
    "answers a list": ("echo '[1]'", f"docker-credential-vault gave no usable answer for {HOST}"),
    "leaves the secret out": (
        """echo '{"Username": "assembled-secret"}'""",
        f"docker-credential-vault gave no usable answer for {HOST}",
    ),
}


@pytest.mark.parametrize(("script", "where"), BAD_HELPERS.values(), ids=BAD_HELPERS)
def test_a_helper_that_fails_is_named_and_not_quoted(tmp_path: Path, script: str, where: str) -> None:
    helper(tmp_path, script)
    found = find_credentials(HOST, environ(tmp_path, {"credsStore": "vault"}))
    assert (found.credentials, found.where) == (None, where)


def test_a_helper_that_is_gone_is_named(tmp_path: Path) -> None:
    found = find_credentials(HOST, environ(tmp_path, {"credsStore": "vault"}))
    assert found.where == "docker-credential-vault, which Docker's configuration names, is not on PATH"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ('{\n"auths": }', 2, "not JSON: Expecting value"),
        ("[]", 1, "should be a JSON object"),
        ("", 1, "not JSON: Expecting value"),
    ],
)
def test_a_broken_file_is_one_line_with_its_place(tmp_path: Path, text: str, line: int, problem: str) -> None:
    with pytest.raises(RegistryError) as caught:
        find_credentials(HOST, environ(tmp_path, text))
    assert str(caught.value) == f"{tmp_path}/config.json:{line}: {problem}. Correct it, or log in again."


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b'{"\xff')
    with pytest.raises(RegistryError, match="not UTF-8 text at byte 2"):
        find_credentials(HOST, {"DOCKER_CONFIG": str(tmp_path)})


def test_a_password_does_not_stand_in_what_a_traceback_shows() -> None:
    assert "assembled" not in repr(ME)

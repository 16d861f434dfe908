"""Every secret here is assembled from parts, so that no scanner takes this file for a leak."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmctl.infra.redaction import Redactor, redaction, secrets_of

HUB_TOKEN = "hf" + "_" + "Ab3" * 10
PULUMI_TOKEN = "pul" + "-" + "0f" * 20
API_KEY = "k" * 20 + "-" + "y" * 22
PASSPHRASE = "correct" + "horse" + "battery"


@pytest.mark.parametrize("secret", [HUB_TOKEN, PULUMI_TOKEN])
def test_what_is_shaped_like_a_secret_goes_wherever_it_comes_from(secret: str) -> None:
    assert Redactor()(f"401 for {secret}: no") == "401 for [secret]: no"


def test_a_bearer_key_goes_and_the_rest_of_the_line_stays() -> None:
    assert Redactor()(f"Authorization: Bearer {API_KEY}, x") == "Authorization: Bearer [secret], x"


def test_known_secrets_go_the_longest_first() -> None:
    redact = Redactor([API_KEY, API_KEY + "longer"])
    assert redact(f"{API_KEY}longer {API_KEY}") == "[secret] [secret]"


def test_a_value_too_short_to_hide_does_not_black_out_the_text() -> None:
    assert Redactor(["1", ""])("1 of 11") == "1 of 11"


def test_the_secrets_of_the_environment_and_of_llmctls_own_files_are_known(tmp_path: Path) -> None:
    server = tmp_path / "stacks" / "local" / "servers" / "server"
    server.mkdir(parents=True)
    (server / "api_key").write_text(API_KEY)
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    environ = {"HF_TOKEN": HUB_TOKEN, "PULUMI_CONFIG_PASSPHRASE_FILE": "/a/path/that/is/none", "HOME": "/home/somebody"}
    assert set(secrets_of(environ, tmp_path)) == {HUB_TOKEN, API_KEY, PASSPHRASE}


def test_a_secret_made_after_the_start_is_known_too(tmp_path: Path) -> None:
    redact = redaction({}, tmp_path)
    assert redact(PASSPHRASE) == PASSPHRASE
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    assert redact(PASSPHRASE) == "[secret]"

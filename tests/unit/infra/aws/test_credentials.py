"""Where credentials come from, and what is said when there are none: by AWS configuration files of a test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmctl.infra.aws.account import Account
from llmctl.infra.aws_settings import AwsSettings
from llmctl.infra.errors import CredentialsExpired, CredentialsMissing, SettingsError

SSO = """
[profile work]
sso_session = firm
sso_account_id = 123456789012
sso_role_name = admin
[sso-session firm]
sso_region = eu-central-1
sso_start_url = https://firm.awsapps.com/start
"""
PARTIAL = "[profile half]\naws_access_key_id = AKIDEXAMPLE\n"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only AWS configuration there is; no metadata service is asked."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path / "config"


def account(profile: str | None) -> Account:
    settings = AwsSettings(region="eu-central-1", account="123456789012", owner="platform", profile=profile)
    return Account.open(settings)


def test_no_credentials_at_all_says_how_to_get_some(written: Path) -> None:
    with pytest.raises(CredentialsMissing, match=r"no profile is named .* Run: aws configure sso"):
        account(None).identity()


def test_a_profile_that_is_not_there_is_an_error_of_the_settings(written: Path) -> None:
    written.write_text(SSO)
    with pytest.raises(SettingsError, match=r"\(works\) could not be found. See: aws configure list-profiles"):
        account("works")


def test_a_login_that_is_over_says_the_command_for_a_new_one(written: Path) -> None:
    written.write_text(SSO)
    with pytest.raises(CredentialsExpired, match=r"The login of work is over. Run: aws sso login --profile work"):
        account("work").identity()


def test_half_a_key_is_no_key(written: Path) -> None:
    written.write_text(PARTIAL)
    with pytest.raises(CredentialsMissing, match="missing: aws_secret_access_key"):
        account("half").identity()


def test_a_broken_configuration_file_is_named(written: Path) -> None:
    written.write_text("no section\n")
    with pytest.raises(SettingsError, match="Unable to parse config file"):
        account("work")

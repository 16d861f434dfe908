"""A token for an EKS cluster, and the ways that lead to it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from doubles.signer import Counting
from drivers.aws_account import ACCOUNT, SETTINGS, aws_account

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.door import cluster_name, find_endpoint
from llmctl.infra.aws.kube_token import Tokens, exec_credential, kube_token
from llmctl.infra.aws.kubeconfig import Endpoint, kubeconfig, this_llmctl
from llmctl.infra.aws_settings import AttachedCluster, EksSettings
from llmctl.infra.errors import ClusterUnreachable, SettingsError
from llmctl.infra.kubernetes.account import Account as ClusterAccount

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def account() -> Iterator[Account]:
    with aws_account() as found:
        yield found


def test_a_token_is_an_address_of_the_regions_sts_signed_for_this_cluster_only(account: Account) -> None:
    prefix, _, coded = kube_token(account, "llm").partition(".")
    url = urlsplit(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode())
    query = parse_qs(url.query)
    assert (prefix, url.scheme, url.netloc) == ("k8s-aws-v1", "https", "sts.eu-central-1.amazonaws.com")
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"], "the cluster's name is under the signature"
    assert query["X-Amz-Expires"] == ["60"]
    assert not coded.endswith("=")


def test_a_token_is_used_until_it_runs_out() -> None:
    now = [NOON]
    tokens = Tokens(signer := Counting(), "llm", clock=lambda: now[0])
    assert tokens() == tokens()
    now[0] += timedelta(minutes=13)
    tokens()
    assert signer.times == 1
    now[0] += timedelta(minutes=1)
    tokens()
    assert signer.times == 2


def test_an_exec_plugin_says_until_when() -> None:
    answer = exec_credential("k8s-aws-v1.abc", NOON)
    assert (answer["apiVersion"], answer["kind"]) == ("client.authentication.k8s.io/v1", "ExecCredential")
    assert answer["status"] == {"token": "k8s-aws-v1.abc", "expirationTimestamp": "2026-11-24T12:14:00Z"}


def test_a_kubeconfig_names_a_program_and_no_token() -> None:
    endpoint = Endpoint(cluster="llm", address="https://e", certificate_authority="Y2E=")
    made = kubeconfig(endpoint, region="eu-central-1", profile="work", command="/opt/llmctl")
    (user,) = made["users"]
    assert user["user"]["exec"]["command"] == "/opt/llmctl"
    assert user["user"]["exec"]["args"] == ["kube-token", "llm", "--region", "eu-central-1", "--profile", "work"]
    assert "token" not in user["user"]


def test_an_llmctl_beside_another_python_is_not_taken() -> None:
    with pytest.raises(SettingsError, match="/nowhere/llmctl is not there"):
        this_llmctl("/nowhere/python")


def test_each_request_to_the_cluster_carries_a_token_that_is_good_then() -> None:
    signer, now = Counting(), [NOON]
    tokens = Tokens(signer, "llm", clock=lambda: now[0])
    cluster = ClusterAccount.at("llm", {"server": "https://127.0.0.1:1"}, tokens)
    assert signer.times == 0, "nothing is signed before something is asked"
    first = cluster.credentials()["authorization"]
    assert first.startswith("Bearer k8s-aws-v1.")
    assert cluster.credentials()["authorization"] == first
    now[0] += timedelta(minutes=15)
    assert cluster.credentials()["authorization"] != first


def test_the_endpoint_comes_from_the_account(account: Account) -> None:
    role, networks = f"arn:aws:iam::{ACCOUNT}:role/c", {"subnetIds": ["subnet-1", "subnet-2"]}
    account.ask("eks", "create_cluster", name="llm", roleArn=role, resourcesVpcConfig=networks)
    found = find_endpoint(account, "llm", "dev")
    assert found.address.startswith("https://")
    with pytest.raises(ClusterUnreachable, match=r"no cluster other in eu-central-1\. Make it first: llmctl up dev"):
        find_endpoint(account, "other", "dev")


@pytest.mark.parametrize(
    ("attach", "name"),
    [
        (None, "llmctl-dev-cluster"),
        (AttachedCluster(name="shared"), "shared"),
        (AttachedCluster(stack="prod"), "llmctl-prod-cluster"),
    ],
)
def test_a_stack_knows_the_name_of_its_cluster(attach: AttachedCluster | None, name: str) -> None:
    assert cluster_name(SETTINGS.model_copy(update={"eks": EksSettings(attach=attach)}), "dev") == name

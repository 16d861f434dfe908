"""The way to a private API server, with a stand-in for AWS's plugin."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from doubles.session_manager_plugin import plugin_that_ends, plugin_that_listens
from drivers.aws_account import aws_account

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.session_tunnel import node_of, open_session_tunnel
from llmctl.infra.errors import AccountUnreachable

HOST = "abc.gr7.eu-central-1.eks.amazonaws.com"
SESSION = {"SessionId": "ada-1", "TokenValue": "to" + "ken", "StreamUrl": "wss://ssm"}


class Sessions:
    """Systems Manager as far as a session is started there; moto does not know it."""

    region = "eu-central-1"

    def ask(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        assert (service, operation, parameters["Target"]) == ("ssm", "start_session", "i-1")
        return SESSION


@pytest.fixture
def account() -> Iterator[Account]:
    with aws_account() as found:
        yield found


def test_the_plugin_gets_the_session_and_its_token_stays_off_the_command_line(tmp_path: Path) -> None:
    told = plugin_that_listens(tmp_path)
    port = open_session_tunnel(Sessions(), "i-1", HOST, profile="work", environ={"PATH": str(tmp_path)})
    got = json.loads(told.read_text())
    assert got["response"] == SESSION
    assert got["arguments"] == ["AWS_SSM_START_SESSION_RESPONSE", "eu-central-1", "StartSession"]
    assert got["asked"]["DocumentName"] == "AWS-StartPortForwardingSessionToRemoteHost"
    assert got["asked"]["Parameters"] == {"host": [HOST], "portNumber": ["443"], "localPortNumber": [str(port)]}


def test_a_plugin_that_ends_says_why(tmp_path: Path) -> None:
    plugin_that_ends(tmp_path, "TargetNotConnected")
    with pytest.raises(AccountUnreachable, match=r"ended before it led to abc.*: TargetNotConnected"):
        open_session_tunnel(Sessions(), "i-1", HOST, environ={"PATH": str(tmp_path)})


def test_without_the_plugin_it_is_said_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(AccountUnreachable, match="Install session-manager-plugin"):
        open_session_tunnel(Sessions(), "i-1", HOST, environ={"PATH": str(tmp_path)})


def test_the_way_leads_through_a_node_of_the_system_pool(account: Account) -> None:
    image = account.ask("ec2", "describe_images")["Images"][0]["ImageId"]

    def node(group: str, cluster: str = "llm") -> str:
        tags = [{"Key": "eks:nodegroup-name", "Value": group}, {"Key": "eks:cluster-name", "Value": cluster}]
        made = account.ask("ec2", "run_instances", ImageId=image, MinCount=1, MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])  # fmt: skip
        return str(made["Instances"][0]["InstanceId"])

    with pytest.raises(AccountUnreachable, match="no node runs"):
        node_of(account, "llm")
    for group in ("l4-1-spot", "l4-1-on-demand"):
        node(group)
    node("system", cluster="another")
    system = node("llmctl-dev-system")
    assert node_of(account, "llm") == system

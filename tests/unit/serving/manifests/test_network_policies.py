"""Who may talk to whom: the table of needed and forbidden flows against the policies of whole stacks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drivers.flows import relay, rows, server, wrong
from drivers.stacks import SMALL_SERVER, from_hub, small_model, stack

from llmctl.policies.network_flows import Endpoint, Flow, allowed
from llmctl.serving.errors import ManifestError
from llmctl.serving.manifests.network_policies import network_policies
from llmctl.serving.manifests.spec import Manifest, NetworkSpec, StackSpec

FETCHED = small_model("fetched", weights=from_hub())
OWN_METRICS = replace(
    small_model("own-metrics"), container=replace(SMALL_SERVER, metrics=replace(SMALL_SERVER.metrics, port=9090))
)
STACKS = {
    "nothing is fetched": stack(small_model()),
    "one model is fetched, one is not": stack(FETCHED, small_model("other")),
    "two are fetched": stack(FETCHED, small_model("second", weights=from_hub())),
    "metrics on a port of their own": stack(OWN_METRICS, FETCHED),
    "weights of the internet over IPv6 too": stack(FETCHED, network=NetworkSpec(weights=("0.0.0.0/0", "::/0"))),
    "named monitoring and DNS": stack(FETCHED, network=NetworkSpec(monitoring_namespace="obs", dns_namespace="dns")),
}


@pytest.mark.parametrize("spec", STACKS.values(), ids=STACKS.keys())
def test_all_flows_that_are_needed_pass_and_none_that_is_forbidden(spec: StackSpec) -> None:
    assert wrong(list(network_policies(spec)), rows(spec)) == []


@pytest.mark.parametrize("spec", STACKS.values(), ids=STACKS.keys())
def test_the_table_notices_when_any_one_policy_is_missing(spec: StackSpec) -> None:
    policies, table = list(network_policies(spec)), rows(spec)
    for policy in policies:
        without = [other for other in policies if other is not policy]
        assert wrong(without, table), f"nobody misses {policy['metadata']['name']}"


@pytest.mark.parametrize("spec", STACKS.values(), ids=STACKS.keys())
def test_the_table_notices_when_any_one_rule_is_missing_or_open(spec: StackSpec) -> None:
    policies, table = list(network_policies(spec)), rows(spec)
    for index, policy in enumerate(policies):
        for section in ("ingress", "egress"):
            for number in range(len(policy["spec"].get(section, ()))):
                for other, what in ((_without_rule, "missing"), (_with_open_rule, "open to all")):
                    changed = [*policies[:index], other(policy, section, number), *policies[index + 1 :]]
                    assert wrong(changed, table), f"{policy['metadata']['name']}: {section} {number} is {what}"


def test_only_the_named_clients_reach_the_gateway() -> None:
    clients = ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}},)
    spec = stack(small_model(), network=NetworkSpec(clients=clients))
    refused = wrong(list(network_policies(spec)), rows(spec))
    assert refused == ["needed: client -> gateway, TCP 8080"]


def test_a_mirror_in_an_inner_network_is_reached_when_it_is_named() -> None:
    spec = stack(FETCHED, network=NetworkSpec(weights=("10.1.2.0/24",), weights_ports=(8443,)))
    policies = network_policies(spec)
    mirror, beside = Endpoint(name="mirror", address="10.1.2.3"), Endpoint(name="beside", address="10.1.3.3")
    assert allowed(policies, Flow(relay(spec), mirror, 8443))
    assert not allowed(policies, Flow(relay(spec), beside, 8443))
    assert not allowed(policies, Flow(server(spec, FETCHED), mirror, 8443))


def test_a_dns_cache_on_the_nodes_answers_names_and_nothing_else() -> None:
    spec = stack(FETCHED, network=NetworkSpec(dns_addresses=("169.254.20.10",)))
    cache, policies = Endpoint(name="cache", address="169.254.20.10"), network_policies(spec)
    assert allowed(policies, Flow(server(spec, FETCHED), cache, 53, "UDP"))
    assert not allowed(policies, Flow(server(spec, FETCHED), cache, 80))


@pytest.mark.parametrize("cidr", ["169.254.169.254/32", "169.254.0.0/16", "fe80::/64"])
def test_weights_never_come_from_where_clouds_keep_their_metadata(cidr: str) -> None:
    with pytest.raises(ManifestError, match=f"cannot come from {cidr}: link-local"):
        network_policies(stack(FETCHED, network=NetworkSpec(weights=(cidr,))))


def test_what_is_no_network_is_named() -> None:
    with pytest.raises(ManifestError, match=r"'mirror\.example' is no CIDR"):
        network_policies(stack(FETCHED, network=NetworkSpec(weights=("mirror.example",))))


def _without_rule(policy: Manifest, section: str, number: int) -> Manifest:
    rules = [rule for index, rule in enumerate(policy["spec"][section]) if index != number]
    return {**policy, "spec": {**policy["spec"], section: rules}}


def _with_open_rule(policy: Manifest, section: str, number: int) -> Manifest:
    rules = [
        {"ports": rule["ports"]} if index == number else rule for index, rule in enumerate(policy["spec"][section])
    ]
    return {**policy, "spec": {**policy["spec"], section: rules}}

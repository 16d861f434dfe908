"""What NetworkPolicies let through, rule by rule, and what holds for any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.policies.network_flows import Endpoint, Flow, allowed, policy_types, selects

WEB = Endpoint(
    name="web",
    namespace="shop",
    namespace_labels={"team": "shop"},
    labels={"app": "web"},
    address="10.0.0.1",
    ports={"http": 8080},
)
STORE = Endpoint(
    name="store",
    namespace="data",
    namespace_labels={"team": "data"},
    labels={"app": "store", "tier": "back"},
    address="10.0.0.2",
    ports={"sql": 5432},
)
SIDE = Endpoint(name="side", namespace="data", namespace_labels={"team": "data"}, labels={}, address="10.0.0.3")
OUTSIDE = Endpoint(name="outside", address="203.0.113.9")


def policy(spec: Mapping[str, Any], namespace: str = "data") -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": namespace}, "spec": spec}


def ingress(*rules: Mapping[str, Any], pods: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return policy({"podSelector": pods or {}, "policyTypes": ["Ingress"], "ingress": list(rules)})


def to_store(source: Endpoint = WEB, port: int = 5432, protocol: str = "TCP") -> Flow:
    return Flow(source, STORE, port, protocol)


def test_without_a_policy_everything_is_let_through() -> None:
    assert allowed([], to_store())


def test_a_selected_pod_is_closed_and_its_neighbours_are_not() -> None:
    closed = [ingress(pods={"matchLabels": {"app": "store"}})]
    assert not allowed(closed, to_store())
    assert allowed(closed, Flow(WEB, SIDE, 80))
    assert allowed(closed, Flow(STORE, WEB, 80)), "closed for ingress is not closed for egress"


def test_a_policy_holds_only_in_its_own_namespace() -> None:
    assert allowed([policy({"podSelector": {}, "policyTypes": ["Ingress"]}, namespace="shop")], to_store())


def test_both_ends_have_to_let_a_flow_through() -> None:
    out = policy({"podSelector": {}, "policyTypes": ["Egress"]}, namespace="shop")
    assert not allowed([out], to_store())
    assert not allowed([out, ingress({"from": [{"namespaceSelector": {}}]})], to_store())


@pytest.mark.parametrize(
    ("rule", "let_through"),
    [
        ({}, True),
        ({"from": [], "ports": []}, True),
        ({"from": [{"namespaceSelector": {}}]}, True),
        ({"from": [{"namespaceSelector": {"matchLabels": {"team": "shop"}}}]}, True),
        ({"from": [{"namespaceSelector": {"matchLabels": {"team": "data"}}}]}, False),
        ({"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}, False),  # of the policy's own namespace
        ({"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}]}, True),
        ({"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "shop"}}}]}, False),
        ({"from": [{"ipBlock": {"cidr": "10.0.0.0/24"}}]}, True),
        ({"from": [{"ipBlock": {"cidr": "10.0.0.0/24", "except": ["10.0.0.1/32"]}}]}, False),
        ({"from": [{"ipBlock": {"cidr": "fd00::/8"}}]}, False),
        ({"ports": [{"port": 5432}]}, True),
        ({"ports": [{"port": "sql"}]}, True),
        ({"ports": [{"port": "http"}]}, False),  # a port of the source, not of the destination
        ({"ports": [{"port": 5000, "endPort": 5432}]}, True),
        ({"ports": [{"port": 5000, "endPort": 5431}]}, False),
        ({"ports": [{"protocol": "UDP", "port": 5432}]}, False),
        ({"ports": [{"protocol": "TCP"}]}, True),
        ({"from": [{"namespaceSelector": {}}], "ports": [{"port": 1}]}, False),  # peers and ports, not either
    ],
)
def test_a_rule_lets_through_what_its_peers_and_ports_say(rule: Mapping[str, Any], let_through: bool) -> None:
    assert allowed([ingress(rule)], to_store()) is let_through


def test_an_address_outside_is_no_pod_of_any_namespace() -> None:
    assert not allowed([ingress({"from": [{"namespaceSelector": {}}]})], to_store(OUTSIDE))
    assert allowed([ingress({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})], to_store(OUTSIDE))


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ({}, ("Ingress",)),
        ({"egress": [{}]}, ("Ingress", "Egress")),
        ({"egress": []}, ("Ingress",)),
        ({"policyTypes": ["Egress"]}, ("Egress",)),
    ],
)
def test_the_types_of_a_policy_are_filled_in_as_the_api_does(spec: Mapping[str, Any], types: tuple[str, ...]) -> None:
    assert policy_types(spec) == types


def test_an_operator_that_the_api_has_not_is_named() -> None:
    with pytest.raises(ValueError, match="'Gt'; allowed: In, NotIn, Exists, DoesNotExist"):
        selects({"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]}, {"app": "2"})


KEYS, VALUES = st.sampled_from(["app", "tier", "team"]), st.sampled_from(["web", "store", "back", "data"])
LABELS = st.dictionaries(KEYS, VALUES)
EXPRESSIONS = st.one_of(
    st.fixed_dictionaries(
        {"key": KEYS, "operator": st.sampled_from(["In", "NotIn"]), "values": st.lists(VALUES, min_size=1)}
    ),
    st.fixed_dictionaries({"key": KEYS, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
)
SELECTORS = st.fixed_dictionaries({}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(EXPRESSIONS)})
PORTS = st.fixed_dictionaries({"port": st.integers(1, 9), "protocol": st.sampled_from(["TCP", "UDP"])})
PEERS = st.one_of(
    st.fixed_dictionaries({"podSelector": SELECTORS}),
    st.fixed_dictionaries({"namespaceSelector": SELECTORS}, optional={"podSelector": SELECTORS}),
    st.fixed_dictionaries({"ipBlock": st.fixed_dictionaries({"cidr": st.sampled_from(["10.0.0.0/30", "0.0.0.0/0"])})}),
)
RULES = st.fixed_dictionaries({}, optional={"from": st.lists(PEERS), "ports": st.lists(PORTS)})
POLICIES = st.builds(
    lambda pods, rules: policy({"podSelector": pods, "policyTypes": ["Ingress"], "ingress": rules}),
    SELECTORS,
    st.lists(RULES, max_size=3),
)
FLOWS = st.builds(Flow, st.sampled_from([WEB, STORE, SIDE, OUTSIDE]), st.sampled_from([STORE, SIDE]), st.integers(1, 9))
DENY = policy({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})


@given(st.lists(POLICIES, max_size=4), FLOWS)
def test_the_order_of_policies_means_nothing(policies: list[dict[str, Any]], flow: Flow) -> None:
    assert allowed(policies, flow) is allowed(policies[::-1], flow)


@given(st.lists(POLICIES, max_size=3), POLICIES, FLOWS)
def test_where_all_is_denied_already_a_policy_more_only_opens(
    policies: list[dict[str, Any]], more: dict[str, Any], flow: Flow
) -> None:
    before = [policy({"podSelector": {}, "policyTypes": ["Ingress"]}), *policies]
    assert allowed([*before, more], flow) >= allowed(before, flow)


@given(POLICIES, FLOWS)
def test_the_first_policy_only_closes(first: dict[str, Any], flow: Flow) -> None:
    assert allowed([first], flow) <= allowed([], flow)


@given(st.lists(POLICIES, max_size=3), FLOWS)
def test_two_policies_are_the_union_of_what_each_lets_through(policies: list[dict[str, Any]], flow: Flow) -> None:
    closed = policy({"podSelector": {}, "policyTypes": ["Ingress"]})
    assert allowed([closed, *policies], flow) is any(allowed([closed, one], flow) for one in policies)


@given(KEYS, st.lists(VALUES, min_size=1), LABELS)
def test_not_in_is_the_opposite_of_in(key: str, values: list[str], labels: dict[str, str]) -> None:
    selected = [
        selects({"matchExpressions": [{"key": key, "operator": operator, "values": values}]}, labels)
        for operator in ("In", "NotIn")
    ]
    assert selected[0] is not selected[1]


@given(st.integers(1, 65535), st.integers(0, 500), st.integers(1, 65535))
def test_a_range_of_ports_is_each_of_its_ports(first: int, more: int, port: int) -> None:
    asked = ingress({"ports": [{"port": first, "endPort": first + more}]})
    assert allowed([asked], to_store(port=port)) is (port in range(first, first + more + 1))

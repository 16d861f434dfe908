"""The sections of one model: its ready replicas with their queue, and the replicas that are known at all."""

from __future__ import annotations

from llmctl.serving.gateway.haproxy import replies, share
from llmctl.serving.gateway.spec import GatewaySpec, RoutedModel

RETRIES = 3
"""Tries after the first, each on another replica; HAProxy's own default."""


def model_backend(spec: GatewaySpec, model: RoutedModel) -> list[str]:
    return [
        f"backend model-{model.name}",
        # Affinity.lua names the server. What it leaves open goes to the queue, or after a failure to the next in turn;
        # only with this algorithm does a new request line up behind those that wait already.
        "balance roundrobin",
        *_connections(),
        *(f"http-request {rule}" for rule in _admission(spec, model)),
        "use-server %[var(txn.server)] if { var(txn.server) -m found }",
        "filter lua.usage",
        # Of HAProxy's own: the wait was too long, or each replica that was tried was dead.
        "errorfile 503 waited.http",
        *_health_check(model),
        f"default-server check inter 2s fastinter 1s downinter 1s fall 2 rise 1 maxconn {share.slots(spec, model)}",
        _replicas(model, model.ready_host, "dns"),
    ]


def _connections() -> list[str]:
    return [
        # A client that has gone leaves the queue, and frees its slot.
        "option abortonclose",
        # One connection for each request: an idle one might be closed by a replica on its way out just when it is
        # used again, and would still lead to the old address after a place has got a new replica.
        "option http-server-close",
        "option redispatch 1",
        f"retries {RETRIES}",
        # Before the first byte only, by nature of the two: no connection, or a connection that ended without a word.
        "retry-on conn-failure empty-response",
    ]


def _admission(spec: GatewaySpec, model: RoutedModel) -> list[str]:
    routes = " ".join(f"'{route}'" for route in sorted(f"{r.method} {r.path}" for r in model.routes))
    none_ready = "{ var(txn.ready) -m int 0 }"
    none_known = f"!{{ nbsrv(known-{model.name}) gt 0 }} !{{ stopping }}"
    return [
        f"{replies.UNKNOWN_ROUTE.rule} unless {{ var(txn.route) -m str {routes} }}",
        f"lua.choose_server {share.slots(spec, model)} {share.with_lent(spec, model)}",
        f"{replies.absent(model).rule} if {none_ready} {none_known} {{ lua.settled -m int 1 }}",
        f"{replies.starting(model).rule} if {none_ready}",
        f"{replies.queue_full(spec).rule} if {{ queue(model-{model.name}) ge {share.queue(spec)} }}",
        # The engine gets no key; and an answer that is not compressed shows its token counts.
        "del-header Authorization",
        "del-header Accept-Encoding",
    ]


def _health_check(model: RoutedModel) -> list[str]:
    return [
        "option httpchk",
        f"http-check send meth GET uri {model.health_path} ver HTTP/1.1 hdr Host gateway hdr Connection close",
        "http-check expect status 200",
    ]


def known_backend(model: RoutedModel) -> list[str]:
    """Nothing is sent there. Its servers are up while DNS has their address: that is how many replicas there are."""
    return [f"backend known-{model.name}", _replicas(model, model.known_host, "known")]


def _replicas(model: RoutedModel, host: str, resolvers: str) -> str:
    found = f"{host}:{model.port} resolvers {resolvers} resolve-prefer ipv4 init-addr none"
    return f"server-template r 1-{share.places(model)} {found}"

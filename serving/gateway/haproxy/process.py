"""The sections of the process as a whole: global, defaults, DNS, and the port for metrics and probes."""

from __future__ import annotations

from llmctl.serving.gateway.haproxy import replies, share
from llmctl.serving.gateway.spec import GatewaySpec

SCRIPTS = ("request.lua", "affinity.lua", "usage.lua", "settled.lua")
HEADER_BYTES = 32_768
"""All header fields of a request together; above it 431. Twice what HAProxy's own default buffer holds."""

CHUNK_MARGIN_BYTES = 32_768
"""Room in a buffer besides body and header fields: HAProxy's reserve for rewriting (1,024) and its own bookkeeping."""

KEEP_ALIVE_SECONDS = 100
"""Longer than clients keep idle connections (Go's DefaultTransport: 90 s, httpx: 5 s), so that it is they who close."""

CONNECT_SECONDS = 2
"""Inside one cluster; a host that is gone answers nothing, and each try of a request costs this long."""


LUA_MEGABYTES = 128
"""The bound for a mistake: a running stream has under 10 KB of Lua, and a body is there only while it is read."""


def buffer_bytes(spec: GatewaySpec) -> int:
    """Room for a body that is read for its key; a larger one passes through it.

    Not for every body that is allowed: to be able to send a request again HAProxy copies the whole buffer, and keeps
    the copy while the request runs. Measured with 2.6.12: 500 streams held 1.0 GB at 2,000,000 bytes and 0.1 GB at
    131,072, and a request cost 2.3 ms of processor time at 1,000,000 bytes and 0.7 ms at 131,072.
    """
    return spec.affinity_bytes + HEADER_BYTES + CHUNK_MARGIN_BYTES


def process(spec: GatewaySpec) -> list[str]:
    return [
        "global",
        "default-path config",
        # One thread: a slot that is seen to be free is still free when it is taken (affinity.lua), and the Lua state
        # and the queues need no locks. It forwards far more than the replicas of a stack can generate.
        "nbthread 1",
        f"maxconn {share.connections(spec)}",
        f"hard-stop-after {spec.drain_seconds}s",
        f"stats socket ipv4@127.0.0.1:{spec.admin_port} level admin",
        "stats timeout 1m",
        f"tune.bufsize {buffer_bytes(spec)}",
        f"tune.lua.maxmem {LUA_MEGABYTES}",
        *(["ssl-default-bind-options ssl-min-ver TLSv1.2"] if spec.tls else []),
        *(f"lua-load {script}" for script in SCRIPTS),
    ]


def defaults(spec: GatewaySpec) -> list[str]:
    return [
        "defaults",
        "mode http",
        "option dontlognull",
        # Tokens go out as they come in.
        "option http-no-delay",
        f"timeout connect {CONNECT_SECONDS}s",
        f"timeout client {spec.client_seconds}s",
        f"timeout http-request {spec.client_seconds}s",
        f"timeout http-keep-alive {KEEP_ALIVE_SECONDS}s",
        f"timeout queue {spec.queue_seconds}s",
        f"timeout server {spec.answer_seconds}s",
        # /health of a busy engine waits for a running prefill: as patient as the kubelet's probes.
        "timeout check 15s",
        *(reply.instead for reply in (replies.MALFORMED, replies.TOO_SLOW, replies.FAILED, replies.SILENT)),
    ]


NONE_SECONDS = 60
"""A replica that was known counts as known so long after DNS has stopped to name any: where there is no room for two,
the old one is gone before the new one has an address. It has one when it has a node and a network; images, weights and
start come later. Assumed: the scheduler looks at a waiting pod again within 10 s, and a node's start is not meant."""


def resolvers() -> list[str]:
    """Where replicas are found. A replica that is left out of an answer is out at once; its streams go on."""
    return _resolvers("dns", nx=3, other=10)


def resolvers_of_known() -> list[str]:
    """The same, for how many replicas there are at all."""
    return _resolvers("known", nx=NONE_SECONDS, other=NONE_SECONDS)


def _resolvers(name: str, *, nx: int, other: int) -> list[str]:
    """`nx`, `other`: seconds that the last answer counts after "no such name", and after one without an address."""
    return [
        f"resolvers {name}",
        "parse-resolv-conf",
        # The answer for 200 replicas has about 3,300 bytes; without it DNS would send 512.
        "accepted_payload_size 4096",
        "timeout resolve 1s",
        "timeout retry 1s",
        "resolve_retries 3",
        "hold valid 1s",
        "hold obsolete 0s",
        # "No such name" is what some DNS servers say of a Service without endpoints. Three answers in a row say so.
        f"hold nx {nx}s",
        # An empty answer, which others say then, and a failing DNS server look alike here.
        f"hold other {other}s",
        # DNS is away: health checks know better than it who is there.
        "hold refused 1h",
        "hold timeout 1h",
    ]


def metrics(spec: GatewaySpec) -> list[str]:
    """Prometheus, and the kubelet's probes, which know nothing of TLS and keys."""
    return [
        "frontend metrics",
        f"bind :{spec.metrics_port}",
        "option idle-close-on-response",
        "http-request use-service prometheus-exporter if { path /metrics }",
        "http-request return status 200 if { path /live }",
        *(f"http-request set-var(txn.unready) bool(true) unless {{ nbsrv(model-{m.name}) gt 0 }}" for m in spec.models),
        # New, and without a replica: DNS may not have answered yet. Later the gateway is ready without replicas too,
        # because it is what tells clients to come back.
        "http-request return status 503 if { var(txn.unready) -m bool } !{ lua.settled -m int 1 }",
        "http-request return status 200 if { path /ready }",
        "http-request return status 404",
    ]

"""The section that clients meet: who may come in, with what, and which model is asked."""

from __future__ import annotations

from llmctl.serving.gateway.haproxy import replies
from llmctl.serving.gateway.haproxy.access_log import STATUS, log_formats
from llmctl.serving.gateway.haproxy.process import HEADER_BYTES
from llmctl.serving.gateway.spec import GatewaySpec

MODELS_ROUTE = "GET /v1/models"
OPEN_ROUTES = ("GET /ping", "GET /health")
MAX_KEYS = 100_000
"""Keys whose requests are counted at the same time."""


def frontend(spec: GatewaySpec) -> list[str]:
    return [
        "frontend gateway",
        f"bind :{spec.port}{_certificate(spec)}",
        f"bind 127.0.0.1:{spec.tunnel_port}",
        # A pooled connection is told to close with its next answer when the gateway stops, instead of being cut.
        "option idle-close-on-response",
        f"stick-table type string len 64 size {MAX_KEYS} expire 2m store gpc0_rate({replies.WINDOW_SECONDS}s)",
        "unique-id-format %{+X}o%ci%cp%Ts%rt%pid",
        # Here only: what HAProxy says about servers goes to stderr, so that stdout is the access log and nothing else.
        "log stdout len 4096 format raw local0",
        *log_formats(),
        STATUS,
        *_requests(_own_answers(spec) + _known_key(spec) + _within_limits(spec) + _body(spec) + _model(spec)),
        "use_backend model-%[var(txn.backend)]",
    ]


def _requests(rules: list[str]) -> list[str]:
    return [f"http-request {rule}" for rule in rules]


def _certificate(spec: GatewaySpec) -> str:
    return f" ssl crt {spec.certificate_file} alpn http/1.1" if spec.tls else ""


def _own_answers(spec: GatewaySpec) -> list[str]:
    """/ping: this gateway takes requests. /health: each model has a replica that is ready. Neither needs a key."""
    asked = "{ var(txn.asked) -m str "
    known = sorted({f"{route.method} {route.path}" for model in spec.models for route in model.routes})
    listed = " ".join(f"'{route}'" for route in [MODELS_ROUTE, *OPEN_ROUTES, *known])
    return [
        "set-var(txn.path) path",
        'set-var(txn.asked) method,concat(" ",txn.path)',
        f"{replies.UNKNOWN_ROUTE.rule} unless {asked}{listed} }}",
        "set-var(txn.route) var(txn.asked)",
        f"set-log-level silent if {asked}{' '.join(repr(route) for route in OPEN_ROUTES)} }}",
        f"return status 200 if {asked}'GET /ping' }}",
        *(_unhealthy(model.name) for model in spec.models),
        f"return status 200 if {asked}'GET /health' }}",
    ]


def _unhealthy(model: str) -> str:
    asked = "{ var(txn.asked) -m str 'GET /health' }"
    return f"return status 503 hdr Retry-After 1 if {asked} !{{ nbsrv(model-{model}) gt 0 }}"


def _known_key(spec: GatewaySpec) -> list[str]:
    keys = f"{spec.keys_directory}/keys.map"
    return [
        f"set-var(txn.key_id) http_auth_bearer,sha2(256),hex,lower,map_str({keys})",
        f"{replies.NO_KEY.rule} unless {{ var(txn.key_id) -m found }}",
    ]


def _within_limits(spec: GatewaySpec) -> list[str]:
    """The key's part of its limit, rounded up. What is refused for the limit does not count against it."""
    limits = f"{spec.keys_directory}/limits.map"
    part = f"map_str_int({limits},{spec.requests_per_minute}),add({spec.gateways - 1}),div({spec.gateways})"
    return [
        "track-sc0 var(txn.key_id)",
        f"set-var(txn.limit) var(txn.key_id),{part}",
        f"{replies.OVER_LIMIT.rule} if {{ sc0_gpc0_rate,sub(txn.limit) ge 0 }}",
        "sc-inc-gpc0(0)",
    ]


def _body(spec: GatewaySpec) -> list[str]:
    """The body is here before a replica hears of the request, up to affinity_bytes: a slow client takes no slot."""
    in_chunks = "{ req.hdr(transfer-encoding) -m found }"
    return [
        f"{replies.HEADERS_TOO_LARGE.rule} if {{ req.hdrs,length gt {HEADER_BYTES} }}",
        f"{replies.too_large(spec).rule} if {{ req.hdr_val(content-length) gt {spec.body_bytes} }}",
        f"wait-for-body time {spec.client_seconds}s if {{ method POST }}",
        f"{replies.length_unknown(spec).rule} if {in_chunks} {{ req.body_size gt {spec.affinity_bytes} }}",
    ]


def _model(spec: GatewaySpec) -> list[str]:
    only = spec.models[0].name if len(spec.models) == 1 else None
    missing = f"set-var(txn.backend) str({only})" if only else replies.no_model(spec).rule
    listed = f"return status 200 content-type {replies.JSON} file models.json"
    return [
        f"{listed} if {{ var(txn.asked) -m str '{MODELS_ROUTE}' }}",
        f"lua.read_request {spec.affinity_bytes} {spec.session_header}",
        "set-var(txn.model) req.hdr(x-model) if !{ var(txn.model) -m found } { req.hdr(x-model) -m found }",
        "set-var(txn.backend) var(txn.model),map_str(models.map) if { var(txn.model) -m found }",
        f"{missing} unless {{ var(txn.model) -m found }}",
        f"{replies.unknown_model(spec).rule} unless {{ var(txn.backend) -m found }}",
    ]

"""What a spec must be before it becomes a configuration: names go into it as they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from llmctl.serving.errors import GatewayError
from llmctl.serving.gateway.spec import GatewaySpec, RoutedModel

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SERVED_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*")
HEADER = re.compile(r"[A-Za-z0-9-]+")
METHOD = re.compile(r"[A-Z]+")
PATH = re.compile(r"/[A-Za-z0-9._/-]*")
PATHS = "letters, digits and . _ / - after a /"
HOST = re.compile(r"[a-z0-9.-]+")


def check(spec: GatewaySpec) -> None:
    """Raises GatewayError with the first thing that cannot be."""
    for rule in CHECKS:
        for problem in rule(spec):
            raise GatewayError(problem)


def _models(spec: GatewaySpec) -> Iterator[str]:
    if not spec.models:
        yield "a gateway needs at least one model"
    yield from _twice("model", [model.name for model in spec.models])
    yield from _twice("served name", [name for model in spec.models for name in model.served_names])
    for model in spec.models:
        yield from _model(model)


def _twice(what: str, names: list[str]) -> Iterator[str]:
    yield from (f"{what} {name!r} is there twice; it must be unique" for name in names if names.count(name) > 1)


def _model(model: RoutedModel) -> Iterator[str]:
    words = [
        ("model name", model.name, LABEL, "up to 63 lower case letters, digits and -"),
        *(("served name", name, SERVED_NAME, "letters, digits and . _ : / @ + -") for name in model.served_names),
        *(("host", host, HOST, "lower case letters, digits and . -") for host in (model.ready_host, model.known_host)),
        ("health path", model.health_path, PATH, PATHS),
        *(("route", route.path, PATH, PATHS) for route in model.routes),
        *(("method", route.method, METHOD, "upper case letters") for route in model.routes),
    ]
    if not model.served_names:
        yield f"model {model.name} needs a served name: what clients put into `model`"
    for what, word, pattern, allowed in words:
        if not pattern.fullmatch(word):
            yield f"{what} {word!r} of model {model.name}: allowed are {allowed}"


def _numbers(spec: GatewaySpec) -> Iterator[str]:
    numbers = {name: value for name, value in vars(spec).items() if type(value) is int}
    for model in spec.models:
        named = ("slots", "accepts", "max_replicas", "port")
        numbers |= {f"{name} of model {model.name}": getattr(model, name) for name in named}
    yield from (f"{name} is {value}; at least 1 is allowed" for name, value in numbers.items() if value < 1)


def _words(spec: GatewaySpec) -> Iterator[str]:
    for path in (spec.keys_directory, spec.certificate_file):
        if not PATH.fullmatch(path):
            yield f"path {path!r}: allowed are absolute ones of letters, digits and . _ / -"
    if spec.affinity_bytes > spec.body_bytes:
        yield f"affinity_bytes is {spec.affinity_bytes}; at most body_bytes, {spec.body_bytes}, is allowed"
    if not HEADER.fullmatch(spec.session_header):
        yield f"session header {spec.session_header!r}: allowed are letters, digits and -"


CHECKS: tuple[Callable[[GatewaySpec], Iterator[str]], ...] = (_models, _numbers, _words)

"""All files of one HAProxy."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files as package_files

from llmctl.serving.gateway.haproxy import process, replies
from llmctl.serving.gateway.haproxy.backend import known_backend, model_backend
from llmctl.serving.gateway.haproxy.frontend import frontend
from llmctl.serving.gateway.spec import GatewaySpec

PLACEHOLDERS = ("tgi", "dummy")
"""What TGI's documentation puts into `model`, and what huggingface_hub sends where the user named no model. They mean
the only model of a stack; of several they mean none."""


def configuration_files(spec: GatewaySpec) -> Mapping[str, str]:
    return {
        "haproxy.cfg": _configuration(spec),
        "models.json": replies.models_body(spec),
        "models.map": _models_map(spec),
        "waited.http": replies.waited(spec).raw,
        **{script: _script(script) for script in process.SCRIPTS},
    }


def _configuration(spec: GatewaySpec) -> str:
    models = [section for model in spec.models for section in (model_backend(spec, model), known_backend(model))]
    dns = [process.resolvers(), process.resolvers_of_known()]
    shared = [process.process(spec), process.defaults(spec), *dns, process.metrics(spec)]
    return "\n".join(_section(lines) for lines in [*shared, frontend(spec), *models])


def _section(lines: list[str]) -> str:
    title, *rest = lines
    return "\n".join([title, *(f"    {line}" for line in rest), ""])


def _models_map(spec: GatewaySpec) -> str:
    routed = [(served, model.name) for model in spec.models for served in model.served_names]
    if len(spec.models) == 1:
        taken = {served for served, _ in routed}
        routed += [(name, spec.models[0].name) for name in PLACEHOLDERS if name not in taken]
    return "".join(f"{served} {name}\n" for served, name in routed)


def _script(name: str) -> str:
    return package_files(__package__).joinpath(name).read_text(encoding="utf-8")

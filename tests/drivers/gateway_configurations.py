"""The golden configurations of HAProxy, written down whole.

`PYTHONPATH=tests .venv/bin/python -m drivers.gateway_configurations` writes them anew; look at the difference before
you commit it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from llmctl.serving.gateway.haproxy.gateway import HaproxyGateway
from llmctl.serving.gateway.spec import GatewaySpec, Route, RoutedModel

GOLDEN = Path(__file__).parents[1] / "unit/serving/gateway/golden"

LLAMA = RoutedModel(
    name="llama",
    served_names=("meta-llama/Llama-3.1-8B-Instruct", "llama-clocks"),
    ready_host="llama.assistants.svc.cluster.local",
    known_host="llama-known.assistants.svc.cluster.local",
    port=8080,
    slots=15,
    accepts=128,
    max_replicas=4,
    health_path="/health",
    routes=frozenset(
        {Route(method="POST", path="/v1/chat/completions"), Route(method="POST", path="/generate_stream")}
    ),
    startup_seconds=600,
)
QWEN = replace(
    LLAMA,
    name="qwen",
    served_names=("Qwen/Qwen2.5-7B-Instruct",),
    ready_host="qwen.assistants.svc.cluster.local",
    known_host="qwen-known.assistants.svc.cluster.local",
    routes=frozenset({Route(method="POST", path="/v1/completions")}),
)
SPECS = {
    "one-model": GatewaySpec(models=(LLAMA,), gateways=1),
    "two-models-two-gateways-tls": GatewaySpec(models=(LLAMA, QWEN), gateways=2, tls=True),
}


def written(spec: GatewaySpec) -> dict[str, str]:
    """The files that are made of a spec; the scripts are the same for all."""
    return {name: text for name, text in HaproxyGateway().files(spec).items() if not name.endswith(".lua")}


if __name__ == "__main__":
    for case, spec in SPECS.items():
        directory = GOLDEN / case
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in written(spec).items():
            (directory / name).write_text(text, encoding="utf-8", newline="")

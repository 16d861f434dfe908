"""SGLang's container: its flags, variables, probes and shutdown. Files named are those of its wheel."""

from __future__ import annotations

from dataclasses import replace

from llmctl.serving.engines import python_server
from llmctl.serving.engines.arguments import FlagValue, arguments
from llmctl.serving.engines.container import ContainerSpec, Probes
from llmctl.serving.engines.engine import Engine
from llmctl.serving.engines.probes import drained_by_engine, health_probes
from llmctl.serving.engines.replica import image, resources
from llmctl.serving.engines.sglang import support as sglang
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.spec import ServingSpec, Speculation

HEALTH_TIMEOUT_SECONDS = 25
CLEANUP_SECONDS = 80
"""5 s until the drain is noticed, 15 s for the schedulers, 60 s for the rest (managers/tokenizer_manager.py)."""


def container(engine: Engine, spec: ServingSpec, accelerator: Accelerator | None) -> ContainerSpec:
    return ContainerSpec(
        image=image(engine, spec, accelerator),
        command=("python3", "-m", "sglang.launch_server"),
        args=arguments(engine, spec, _own_flags(spec)),
        env=python_server.environment(spec) | {"SGLANG_CACHE_DIR": f"{python_server.CACHE}/sglang"},
        port=sglang.PORT,
        probes=_probes(spec),
        shutdown=drained_by_engine(
            spec.graceful_termination_seconds,
            CLEANUP_SECONDS,
            why="SIGTERM drains without a limit of its own, looking every 5 s; what is left then ends with SIGKILL",
        ),
        volumes=python_server.volumes(spec),
        resources=resources(spec, accelerator),
        metrics=sglang.METRICS,
        health_means="a token was generated, or the scheduler was heard, within 20 s of asking",
        # The image names no user, and nothing was found that runs it as another.
        run_as_user=None,
    )


def _own_flags(spec: ServingSpec) -> dict[str, FlagValue]:
    return {
        "model-path": spec.model,
        "revision": spec.revision,
        "served-model-name": spec.served_name,
        "host": "0.0.0.0",  # noqa: S104 (its default, 127.0.0.1, is not reached from outside the container)
        "port": sglang.PORT,
        "tp-size": spec.gpus,
        "context-length": spec.max_total_tokens,
        "max-running-requests": spec.max_batch_size,
        # Not --max-prefill-tokens: that bounds a batch of prompts, and the longest prompt overrides it.
        "chunked-prefill-size": spec.max_batch_prefill_tokens,
        # Those that run come on top. They cannot be taken off: every request passes through the queue, in bursts.
        "max-queued-requests": spec.max_concurrent_requests,
        "dtype": spec.dtype,
        "quantization": sglang.QUANTIZATION_WORDS.get(spec.quantization or "", spec.quantization),
        "kv-cache-dtype": spec.kv_cache_dtype,
        **_adapters(spec),
        **_speculation(spec.speculation),
        "trust-remote-code": spec.trust_remote_code,
        "enable-metrics": True,
    }


def _adapters(spec: ServingSpec) -> dict[str, FlagValue]:
    if not spec.adapters:
        return {}
    return {
        "enable-lora": True,
        "lora-paths": tuple(
            python_server.compact({"lora_name": adapter.name, "lora_path": adapter.source}) for adapter in spec.adapters
        ),
    }


def _speculation(speculation: Speculation | None) -> dict[str, FlagValue]:
    if speculation is None:
        return {}
    if speculation.draft_model is None:
        # A chain, as below: with its ten branches fewer than ten tokens would make no step at all.
        return {
            "speculative-algorithm": "NGRAM",
            "speculative-num-draft-tokens": speculation.tokens + 1,
            "speculative-ngram-max-bfs-breadth": 1,
        }
    return {
        "speculative-algorithm": "STANDALONE",
        "speculative-draft-model-path": speculation.draft_model,
        # A chain, not a tree: one candidate per step; the last accepted token is counted as a draft token too.
        "speculative-num-steps": speculation.tokens,
        "speculative-eagle-topk": 1,
        "speculative-num-draft-tokens": speculation.tokens + 1,
    }


def _probes(spec: ServingSpec) -> Probes:
    """/health (entrypoints/http_server.py) sleeps 1 s before it looks and waits up to 20 s.
    A probe of 1 s never sees a 200."""
    asked = health_probes(
        "/health",
        sglang.PORT,
        spec.startup_seconds,
        why="503 until the warm-up request is through; then up to 20 s for a sign of life of the scheduler",
    )
    return Probes(
        startup=replace(asked.startup, timeout=HEALTH_TIMEOUT_SECONDS),
        readiness=replace(
            asked.readiness,
            path="/ready",
            why="state only, no generation: 200 when warm and not paused, unhealthy or draining",
        ),
        liveness=asked.liveness,
    )

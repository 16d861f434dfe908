"""vLLM's container: its flags, variables, probes and shutdown. Files named are those of its wheel."""

from __future__ import annotations

from llmctl.serving.engines import python_server
from llmctl.serving.engines.arguments import FlagValue, arguments
from llmctl.serving.engines.container import API_KEY, ContainerSpec, SecretKey
from llmctl.serving.engines.engine import Engine, Platform, platform_of
from llmctl.serving.engines.probes import drained_by_engine, health_probes
from llmctl.serving.engines.replica import image, resources
from llmctl.serving.engines.vllm import support as vllm
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.spec import ServingSpec, Speculation

CLEANUP_SECONDS = 30
"""After the last request: the workers have 5 s, 15 on AMD (envs.py, v1/engine/utils.py); the rest is for slow nodes."""


def container(engine: Engine, spec: ServingSpec, accelerator: Accelerator | None) -> ContainerSpec:
    return ContainerSpec(
        image=image(engine, spec, accelerator),
        command=("vllm", "serve"),
        args=(spec.model, *arguments(engine, spec, _own_flags(spec))),
        env=_environment(spec),
        port=vllm.PORT,
        probes=health_probes(
            "/health",
            vllm.PORT,
            spec.startup_seconds,
            why="connections are refused until the engine is warm; then the API process answers, whose one event loop "
            "also tokenizes long prompts",
        ),
        shutdown=drained_by_engine(
            spec.graceful_termination_seconds,
            CLEANUP_SECONDS,
            why="SIGTERM drains for --shutdown-timeout seconds; its default, 0, aborts every request at once",
        ),
        volumes=python_server.volumes(spec),
        resources=resources(spec, accelerator),
        metrics=vllm.METRICS,
        health_means="the engine's process lives; not that it still answers: a hang in NCCL keeps it at 200",
        run_as_user=_user(platform_of(accelerator)),
    )


def _user(platform: Platform) -> int | None:
    """The user vllm, uid 2000 in group 0, of the CUDA image (docker/Dockerfile); docker/Dockerfile.rocm makes none."""
    return 2000 if platform is Platform.CUDA else None


def _own_flags(spec: ServingSpec) -> dict[str, FlagValue]:
    return {
        "revision": spec.revision,
        "served-model-name": spec.served_name,
        "host": "0.0.0.0",  # noqa: S104 (inside a container)
        "port": vllm.PORT,
        "tensor-parallel-size": spec.gpus,
        "max-model-len": spec.max_total_tokens,
        "max-num-seqs": spec.max_batch_size,
        "max-num-batched-tokens": spec.max_batch_prefill_tokens,
        # In flight, waiting ones included, as our word means it; above it the answer is 503.
        "max-num-queued-reqs": spec.max_concurrent_requests,
        "dtype": spec.dtype,
        "quantization": vllm.QUANTIZATION_WORDS.get(spec.quantization or "", spec.quantization),
        "kv-cache-dtype": spec.kv_cache_dtype,
        **_adapters(spec),
        "speculative-config": _speculation(spec.speculation),
        "trust-remote-code": spec.trust_remote_code,
        "shutdown-timeout": spec.graceful_termination_seconds,
        # TGI's interval; by default a stream that waits is silent, and proxies cut what is silent.
        "sse-keep-alive-interval": 15,
    }


def _environment(spec: ServingSpec) -> dict[str, str | SecretKey]:
    env = python_server.environment(spec) | {
        "VLLM_CACHE_ROOT": f"{python_server.CACHE}/vllm",
        "VLLM_NO_USAGE_STATS": "1",
        # The API process gives up on the engine after 600 s by default, less than a large model needs to load.
        "VLLM_ENGINE_READY_TIMEOUT_S": str(spec.startup_seconds),
    }
    if spec.api_key:
        env["VLLM_API_KEY"] = API_KEY
    return env


def _adapters(spec: ServingSpec) -> dict[str, FlagValue]:
    if not spec.adapters:
        return {}
    modules = tuple(python_server.compact({"name": a.name, "path": a.source}) for a in spec.adapters)
    # One batch may then hold all of them; with the default of 1 requests for different adapters wait for each other.
    return {"enable-lora": True, "max-loras": len(spec.adapters), "lora-modules": modules}


def _speculation(speculation: Speculation | None) -> str | None:
    if speculation is None:
        return None
    if speculation.draft_model is None:
        return python_server.compact({"method": "ngram", "num_speculative_tokens": speculation.tokens})
    return python_server.compact(
        {"method": "draft_model", "model": speculation.draft_model, "num_speculative_tokens": speculation.tokens}
    )

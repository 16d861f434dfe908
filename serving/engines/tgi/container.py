"""The container of Text Generation Inference 3.3.7, with the reason beside whatever is not plain.

Numbers go into arguments, everything that users word themselves into variables: the image's entrypoint
(tgi-entrypoint.sh) passes `$@` on unquoted, so an argument with a space or a star would be torn apart or expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from llmctl.serving.engines.arguments import FlagValue, passed, rendered
from llmctl.serving.engines.container import API_KEY, HUB_TOKEN, ContainerSpec, SecretKey, Volume
from llmctl.serving.engines.engine import Engine, Platform, platform_of
from llmctl.serving.engines.probes import drained_by_engine, health_probes
from llmctl.serving.engines.replica import image, resources, shared_memory
from llmctl.serving.engines.sources import sources
from llmctl.serving.engines.tgi import support as tgi
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.disk import is_path
from llmctl.serving.spec import Adapter, ServingSpec

MAX_IMAGE_FETCH_BYTES = 20_000_000
"""TGI fetches every http(s) picture that a prompt names, up to 1 GiB of it by default (CVE-2026-0599). 20 MB is ten
times its own limit for a whole request body; more is no picture, but an attack."""

CLEANUP_SECONDS = 30
"""For the shards after the router has finished, before SIGKILL."""

NEURON_CORES_PER_DEVICE = 2
"""docs/source/backends/neuron.md: each neuron device has two cores."""

OUT = {Platform.CUDA: "/usr/src/out", Platform.ROCM: "/app/out", Platform.NEURON: "/out"}
"""Where the router saves the tokenizer it has loaded: `out` in the working directory of each Dockerfile."""

CACHE = "/data"
SCRATCH = "/tmp"  # noqa: S108 (a volume of the container's own)

PLAIN = re.compile(r"[A-Za-z0-9_.,:/@+=-]+")
"""Values that an unquoted shell expansion leaves as they are."""


def container(engine: Engine, spec: ServingSpec, accelerator: Accelerator | None) -> ContainerSpec:
    platform = platform_of(accelerator)
    user = passed(engine, spec)
    torn = {name: value for name, value in user.items() if not PLAIN.fullmatch(str(value))}
    whole = {name: value for name, value in user.items() if name not in torn}
    return ContainerSpec(
        image=image(engine, spec, accelerator),
        command=(),
        args=rendered({**_own_flags(spec, platform), **whole}),
        env={**{_variable(name): str(value) for name, value in torn.items()}, **_environment(spec, platform)},
        port=tgi.PORT,
        probes=health_probes("/health", tgi.PORT, spec.startup_seconds, why=PROBES_WHY),
        shutdown=drained_by_engine(spec.graceful_termination_seconds, CLEANUP_SECONDS, why=SHUTDOWN_WHY),
        volumes=tuple(_volumes(spec, platform)),
        resources=resources(spec, accelerator),
        metrics=tgi.METRICS,
        health_means=tgi.HEALTH_MEANS,
        # Since 3.1 the image's Python lies below /root, which no other user may enter: a container that runs as one
        # ends with "libpython3.11.so.1.0: cannot open shared object file" (issue #3082, open to the end). It can still
        # drop its capabilities and have a read-only root.
        run_as_user=None,
    )


PROBES_WHY = (
    "nothing listens before the model is warm, so the port refuses; later the route asks the shards, whose event loop "
    "is blocked for as long as one prefill"
)
SHUTDOWN_WHY = (
    "at SIGTERM new connections are refused at once, so the endpoint must be gone before; the router then finishes "
    "what runs and waits, and the shards end after it"
)


def _variable(flag: str) -> str:
    """Every flag of the launcher has a variable of its name."""
    return flag.upper().replace("-", "_")


def _own_flags(spec: ServingSpec, platform: Platform) -> dict[str, FlagValue]:
    return {
        # Kubernetes sets HOSTNAME to the pod's name, which TGI would take for the address to listen on.
        "hostname": "0.0.0.0",  # noqa: S104 (inside a container)
        "port": tgi.PORT,
        # Never left to be found out: older container toolkits and CDI make it count wrongly. Neuron shards by itself.
        "num-shard": 1 if platform is Platform.NEURON else spec.gpus,
        "max-total-tokens": spec.max_total_tokens,
        "max-input-tokens": prompt_limit(spec),
        "max-batch-size": spec.max_batch_size,
        "max-batch-prefill-tokens": spec.max_batch_prefill_tokens or _prefill(spec, platform),
        "max-concurrent-requests": spec.max_concurrent_requests,
        "dtype": spec.dtype if platform is not Platform.NEURON else None,
        "quantize": spec.quantization,
        "kv-cache-dtype": tgi.KV_CACHE_WORDS.get(spec.kv_cache_dtype or ""),
        "speculate": spec.speculation.tokens if spec.speculation else None,
        # TGI says it turns CUDA graphs off for LoRA, and does not: the assignment stays in its cli.py. As a flag, the
        # launcher then hands no sizes on; as a variable, the shards would still see it.
        "cuda-graphs": 0 if spec.adapters else None,
        "trust-remote-code": spec.trust_remote_code,
        "graceful-termination-timeout": spec.graceful_termination_seconds,
        # Posts to huggingface.co every quarter of an hour otherwise.
        "usage-stats": "off",
    }


def prompt_limit(spec: ServingSpec) -> int:
    """Tokens; what the launcher would choose, said so that nothing depends on its order of defaults."""
    return spec.max_input_tokens or spec.max_total_tokens - 1


def chunks_prefill(spec: ServingSpec, platform: Platform) -> bool:
    """Whether a prompt may be computed in parts; if not, a whole one must fit (backends/v3/src/main.rs)."""
    return platform is Platform.CUDA and spec.speculation is None


def _prefill(spec: ServingSpec, platform: Platform) -> int | None:
    if platform is Platform.NEURON:
        return prompt_limit(spec) * (spec.max_batch_size or 1)  # docs/source/backends/neuron.md
    return None if chunks_prefill(spec, platform) else prompt_limit(spec)


def _environment(spec: ServingSpec, platform: Platform) -> dict[str, str | SecretKey]:
    env: dict[str, str | SecretKey] = {
        "MODEL_ID": spec.model,
        # The router reads this one only from its environment, which the launcher hands on.
        "MAX_IMAGE_FETCH_SIZE": str(MAX_IMAGE_FETCH_BYTES),
        "HF_HOME": CACHE,
        "HOME": SCRATCH,
        "TRITON_CACHE_DIR": f"{SCRATCH}/triton",
    }
    if spec.revision:
        env["REVISION"] = spec.revision
    if spec.hub_token:
        env["HF_TOKEN"] = HUB_TOKEN
    if all(is_path(source) for source in sources(spec)):
        # The router takes only "1" for true.
        env["HF_HUB_OFFLINE"] = "1"
    if spec.adapters:
        # Prefix caching is turned off for LoRA by itself only where config.json could be read at the start.
        env |= {"LORA_ADAPTERS": ",".join(map(_adapter, spec.adapters)), "PREFIX_CACHING": "0"}
    if spec.api_key:
        # The launcher prints its arguments at level info, the key among them.
        env |= {"API_KEY": API_KEY, "LOG_LEVEL": "text_generation_launcher=warn,text_generation_router=info"}
    return {**env, **_platform_environment(spec, platform)}


def _adapter(adapter: Adapter) -> str:
    return f"{adapter.name}={adapter.source}" if is_path(adapter.source) else adapter.source


def _platform_environment(spec: ServingSpec, platform: Platform) -> Mapping[str, str]:
    if platform is Platform.ROCM:
        # Dockerfile_amd sets the same; said here too, because with anything else the shards end at start.
        return {"ATTENTION": "paged", "PREFIX_CACHING": "0", "PREFILL_CHUNKING": "0"}
    if platform is Platform.NEURON:
        # The entrypoint looks for a compiled model that fits these; its own cache would be /tmp.
        cores = spec.gpus * NEURON_CORES_PER_DEVICE
        return {"HUGGINGFACE_HUB_CACHE": CACHE, "HF_NUM_CORES": str(cores), **_neuron_dtype(spec)}
    return {}


def _neuron_dtype(spec: ServingSpec) -> Mapping[str, str]:
    words = {"float16": "fp16", "bfloat16": "bf16"}
    return {"HF_AUTO_CAST_TYPE": words[spec.dtype]} if spec.dtype else {}


def _volumes(spec: ServingSpec, platform: Platform) -> Iterator[Volume]:
    yield Volume(name="cache", path=CACHE, why="weights and tokenizers from the Hub; tuned kernels on AMD")
    yield Volume(name="tmp", path=SCRATCH, why="sockets of the shards; HOME and the Triton cache are below it")
    yield Volume(
        name="out",
        path=OUT[platform],
        why="the router saves the tokenizer here; where it cannot, a slow one serves, with one worker",
    )
    if spec.gpus > 1:
        yield shared_memory(spec, why="NCCL between the shards; a container's own 64 MiB make them wait for ever")

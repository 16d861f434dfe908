"""How long things may take: a replica's start, an update, and the patience of whoever waits for them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from llmctl.serving.manifests.spec import ServedModel
from llmctl.serving.weights.gpu_check.check import SECONDS as ALL_REDUCE_SECONDS

MIN_READY_SECONDS = 10
"""A new replica counts, and an old one goes, only when the gateways have had time to find it: answers of CoreDNS
are up to 5 s old (its `ttl`), HAProxy asks every second or two, and one health check after that takes it in."""

MARGIN = 1.25
"""Of the sum: a budget is what ends an attempt, so it must not be what an ordinary start takes. Assumed."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How fast bytes go. `source` says who measured it, or that nobody did."""

    bytes_per_second: float
    source: str


IMAGE = Rate(
    bytes_per_second=13e9 / 571,
    source="an image of 13 GB was running after 571 s, pulled and unpacked by containerd onto a cloud's default disk "
    "(blog.vertexcover.io/container-coldstart)",
)
DEFAULT_DISK = Rate(
    bytes_per_second=125e6,
    source="AWS's gp3 gives 125 MiB/s where no more is asked for (API reference of EMR, VolumeSpecification)",
)


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Where nothing was measured in the cluster itself, the slowest that was read of."""

    image: Rate = IMAGE
    """Pull and unpack, in bytes of the image."""

    weights: Rate = DEFAULT_DISK
    """From the relay onto the node's disk, verified."""

    load: Rate = DEFAULT_DISK
    """From the node's disk into the accelerator."""


@dataclass(frozen=True, kw_only=True)
class Part:
    name: str
    seconds: float
    source: str


WARM_UP = Part(
    name="warm-up", seconds=120, source="assumed: a large engine captures its CUDA graphs in a minute or two"
)
GPU_CHECK_SECONDS = 60.0
"""For each GPU. Assumed: CUDA's own start, then a second's work. The check takes one GPU after the other."""


@dataclass(frozen=True, kw_only=True)
class StartupBudget:
    parts: tuple[Part, ...]

    @property
    def seconds(self) -> int:
        """From the pod's creation to its first 200, with the margin."""
        return math.ceil(MARGIN * sum(part.seconds for part in self.parts))


def startup_budget(
    *, image: int, weights: int, checked_gpus: int = 0, rates: Rates | None = None, node_seconds: float = 0
) -> StartupBudget:
    """The budget of one replica. `image` and `weights` are bytes; `checked_gpus` have to prove themselves first;
    `node_seconds` is the start of a node that has to be made for it."""
    known = rates or Rates()
    parts = (
        Part(name="node", seconds=node_seconds, source="said by the target"),
        _transfer("image", image, known.image),
        _gpu_check(checked_gpus),
        _transfer("weights", weights, known.weights),
        _transfer("load", weights, known.load),
        WARM_UP,
    )
    return StartupBudget(parts=tuple(part for part in parts if part.seconds))


def _gpu_check(gpus: int) -> Part:
    """Over several GPUs NCCL has all the time that the check itself lets it have, so that it is the check that ends an
    all-reduce that hangs, with its sentence, and not the budget."""
    return Part(
        name="GPU check",
        seconds=gpus * GPU_CHECK_SECONDS + (ALL_REDUCE_SECONDS if gpus > 1 else 0),
        source="assumed: a minute for each GPU; for several the check's own limit of the all-reduce on top",
    )


def _transfer(name: str, size: int, rate: Rate) -> Part:
    return Part(name=name, seconds=size / rate.bytes_per_second, source=rate.source)


def progress_deadline_seconds(model: ServedModel) -> int:
    """Seconds without progress after which an update counts as failed: an old replica's end, then a new one's start."""
    return model.container.shutdown.grace_seconds + model.startup_seconds + MIN_READY_SECONDS


def rollout_seconds(model: ServedModel) -> int:
    """The longest that an update of all replicas may take, one after the other; for whoever waits for it."""
    return max(1, model.replicas.most) * progress_deadline_seconds(model)

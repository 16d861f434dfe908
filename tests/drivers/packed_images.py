"""Images packed by containers/pack.py's own parts, and the server with a model and the tests' programs in it.

`PYTHONPATH=tests:containers .venv/bin/python -m drivers.packed_images DIRECTORY` writes all archives.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from doubles.gpus import GIB, TORCH, VARIABLE, GpusDouble
from drivers.model_server import embedded_model
from packing.archive import write_archive
from packing.cache import LayerCache, content_key
from packing.image import Configuration, PackedImage
from packing.layer import Layer
from packing.recipes import APPLICATION, REPOSITORY, Recipe, haproxy, server
from platformdirs import user_cache_path

from llmctl.serving.engines.engine import Platform
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.models.embedded import SMOLLM2
from llmctl.serving.spec import EngineName

MODEL_PATH = "/models/SmolLM2-135M-Instruct.Q4_1.gguf"
PROGRAMS = (
    REPOSITORY / "tests/cluster/images/paced_engine.py",
    REPOSITORY / "tests/cluster/images/paced_server.py",
    REPOSITORY / "benchmarks/fixed_latency.py",
)
"""Modules beside llmctl in the test image: `python3 -m paced_server`, `python3 -m fixed_latency`."""

LAUNCHER = REPOSITORY / "tests/cluster/images/tgi_launcher.py"
L4_SHOWS = 22 * GIB
"""Bytes of its 24 GiB that a process sees: the driver takes off 1.5 (accelerators.json), CUDA a little more."""

PACER = (REPOSITORY / "tests/cluster/images/sitecustomize.py",)
FIXED = (REPOSITORY / "tests/cluster/images/fixed/sitecustomize.py", REPOSITORY / "benchmarks/fixed_latency.py")
FIXED_SECONDS = 2.0
"""What each answer of the image without a model takes."""

TOKEN_SECONDS = 0.5
"""Pause of the paced image after each token."""

SERVER = "localhost/llmctl/server:test"
SERVER_WITH_MODEL = "localhost/llmctl/server-with-model:test"
PACED_SERVER = "localhost/llmctl/paced-server:test"
FIXED_SERVER = "localhost/llmctl/fixed-server:test"
HAPROXY = "localhost/llmctl/haproxy:test"
TGI = ENGINES[EngineName.TGI].images[Platform.CUDA].reference
VLLM_ON_A_SICK_GPU = ENGINES[EngineName.VLLM].images[Platform.CUDA].reference


def layer_cache() -> LayerCache:
    return LayerCache(user_cache_path("llmctl") / "image-layers")


def server_with_model(cache: LayerCache) -> PackedImage:
    """The server image, the small model at MODEL_PATH, and PROGRAMS."""
    image = server(cache)
    return PackedImage(image.configuration, (*image.layers, _model(cache), _programs(cache, "programs", PROGRAMS)))


def paced_server(cache: LayerCache) -> PackedImage:
    """The same, and every server in it pauses after each token, whoever starts it."""
    image = server_with_model(cache)
    environment = {**image.configuration.environment, "PACED_TOKEN_SECONDS": str(TOKEN_SECONDS)}
    paced = replace(image.configuration, environment=environment)
    return PackedImage(paced, (*image.layers, _programs(cache, "pacer", PACER)))


def tgi(cache: LayerCache) -> PackedImage:
    """TGI's place: its launcher's words, its root user, a torch that sees one L4; our server behind it, paced."""
    image = server_with_model(cache)
    layers = (*image.layers, _programs(cache, "tgi", (LAUNCHER,)), _torch(cache))
    return PackedImage(_with_gpu(image.configuration, "tgi_launcher", GpusDouble(Path(), [L4_SHOWS])), layers)


def vllm_on_a_sick_gpu(cache: LayerCache) -> PackedImage:
    """vLLM's place, as far as the GPU check: the GPU multiplies wrong. There is no server behind it."""
    image = server(cache)
    sick = GpusDouble(Path(), [L4_SHOWS], wrong=[0])
    return PackedImage(_with_gpu(image.configuration, "no_server", sick), (*image.layers, _torch(cache)))


def _with_gpu(bare: Configuration, module: str, gpus: GpusDouble) -> Configuration:
    environment = {**bare.environment, "PACED_TOKEN_SECONDS": str(TOKEN_SECONDS), VARIABLE: gpus.told()}
    return replace(bare, user=0, entrypoint=("python3", "-m", module), environment=environment)


def _torch(cache: LayerCache) -> Layer:
    def fill(tree: Path) -> None:
        (tree / APPLICATION).mkdir()
        (tree / APPLICATION / "torch.py").write_text(TORCH)

    return cache.layer("torch", [TORCH], fill)


def fixed_server(cache: LayerCache) -> PackedImage:
    """Every server in it answers after FIXED_SECONDS, without a model."""
    image = server(cache)
    environment = {**image.configuration.environment, "FIXED_SECONDS": str(FIXED_SECONDS)}
    fixed = replace(image.configuration, environment=environment)
    return PackedImage(fixed, (*image.layers, _programs(cache, "fixed", FIXED)))


def _model(cache: LayerCache) -> Layer:
    def fill(tree: Path) -> None:
        target = tree / MODEL_PATH.removeprefix("/")
        target.parent.mkdir(parents=True)
        shutil.copyfile(embedded_model(), target)

    return cache.layer("model", [SMOLLM2.sha256], fill)


def _programs(cache: LayerCache, name: str, programs: Sequence[Path]) -> Layer:
    def fill(tree: Path) -> None:
        (tree / APPLICATION).mkdir()
        for program in programs:
            shutil.copyfile(program, tree / APPLICATION / program.name)

    return cache.layer(name, [content_key(programs, REPOSITORY)], fill)


IMAGES = {
    SERVER: server,
    SERVER_WITH_MODEL: server_with_model,
    PACED_SERVER: paced_server,
    FIXED_SERVER: fixed_server,
    HAPROXY: haproxy,
}
GPU_IMAGES = {TGI: tgi, VLLM_ON_A_SICK_GPU: vllm_on_a_sick_gpu}
"""Under the engines' own names, which a cluster would otherwise ask a registry for."""


def write_archives(directory: Path, images: Mapping[str, Recipe] = IMAGES) -> dict[str, Path]:
    """Name of each image -> its archive in `directory`."""
    archives = {name: directory / f"{name.rpartition('/')[2].partition(':')[0]}.tar" for name in images}
    for name, archive in archives.items():
        write_archive(images[name](layer_cache()), name, archive)
    return archives


if __name__ == "__main__":
    for written, place in write_archives(Path(sys.argv[1])).items():
        sys.stdout.write(f"{written} {place}\n")

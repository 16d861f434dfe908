"""Images packed by containers/pack.py's own parts, and the server with a model and the tests' programs in it.

`PYTHONPATH=tests:containers .venv/bin/python -m drivers.packed_images DIRECTORY` writes all archives.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from drivers.model_server import embedded_model
from packing.archive import write_archive
from packing.cache import LayerCache, content_key
from packing.image import PackedImage
from packing.layer import Layer
from packing.recipes import APPLICATION, REPOSITORY, haproxy, server
from platformdirs import user_cache_path

from llmctl.serving.models.embedded import SMOLLM2

MODEL_PATH = "/models/SmolLM2-135M-Instruct.Q4_1.gguf"
PROGRAMS = (
    REPOSITORY / "tests/cluster/images/paced_engine.py",
    REPOSITORY / "tests/cluster/images/paced_server.py",
    REPOSITORY / "benchmarks/fixed_latency.py",
)
"""Modules beside llmctl in the test image: `python3 -m paced_server`, `python3 -m fixed_latency`."""

PACER = (REPOSITORY / "tests/cluster/images/sitecustomize.py",)
TOKEN_SECONDS = 0.5
"""Pause of the paced image after each token."""

SERVER = "localhost/llmctl/server:test"
SERVER_WITH_MODEL = "localhost/llmctl/server-with-model:test"
PACED_SERVER = "localhost/llmctl/paced-server:test"
HAPROXY = "localhost/llmctl/haproxy:test"


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


IMAGES = {SERVER: server, SERVER_WITH_MODEL: server_with_model, PACED_SERVER: paced_server, HAPROXY: haproxy}


def write_archives(directory: Path) -> dict[str, Path]:
    """Name of each image -> its archive in `directory`."""
    archives = {name: directory / f"{name.rpartition('/')[2].partition(':')[0]}.tar" for name in IMAGES}
    for name, archive in archives.items():
        write_archive(IMAGES[name](layer_cache()), name, archive)
    return archives


if __name__ == "__main__":
    for written, place in write_archives(Path(sys.argv[1])).items():
        sys.stdout.write(f"{written} {place}\n")

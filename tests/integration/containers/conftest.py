"""Both images, packed once for all tests from the user's cache of layers."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

import pytest
from drivers.image_archive import ImageFile, Root
from drivers.packed_images import layer_cache
from packing.archive import write_archive
from packing.recipes import RECIPES

NAMES = {name: f"registry.example.com/team/{name}:1.0" for name in RECIPES}


@pytest.fixture(scope="session", autouse=True)
def _packable() -> None:
    release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    if not (shutil.which("apt-get") and 'VERSION_ID="12"' in release and platform.machine() == "x86_64"):
        pytest.skip("images are packed on Debian 12 on amd64 only")


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("archives")
    for image, name in NAMES.items():
        write_archive(RECIPES[image](layer_cache()), name, directory / f"{image}.tar")
    return {image: directory / f"{image}.tar" for image in NAMES}


@pytest.fixture(scope="session", params=sorted(RECIPES))
def image(request: pytest.FixtureRequest, archives: dict[str, Path]) -> str:
    """Each image in turn, by its name."""
    return str(request.param)


@pytest.fixture(scope="session")
def file(image: str, archives: dict[str, Path]) -> ImageFile:
    return ImageFile(archives[image])


@pytest.fixture(scope="session")
def root(file: ImageFile, tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The image's files, unpacked."""
    return file.unpacked(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="session")
def server(archives: dict[str, Path]) -> ImageFile:
    return ImageFile(archives["server"])


@pytest.fixture(scope="session")
def server_root(server: ImageFile, tmp_path_factory: pytest.TempPathFactory) -> Root:
    return server.unpacked(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="session")
def haproxy(archives: dict[str, Path]) -> ImageFile:
    return ImageFile(archives["haproxy"])


@pytest.fixture(scope="session")
def haproxy_root(haproxy: ImageFile, tmp_path_factory: pytest.TempPathFactory) -> Root:
    return haproxy.unpacked(tmp_path_factory.mktemp("haproxy"))

"""What the images are made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from packing.application import copy_files, sources
from packing.cache import LayerCache, content_key
from packing.debian import candidates, unpack, write_users
from packing.image import Configuration, PackedImage
from packing.layer import Layer
from packing.python import Interpreter, interpreter

REPOSITORY = Path(__file__).parents[2]
REQUIREMENTS = REPOSITORY / "containers/server/requirements.txt"
CONSTRAINTS = REPOSITORY / "constraints.txt"

APPLICATION = "app"
"""Directory of Python packages, as it is called below the root."""

PYTHON_PACKAGES = (
    *(
        "base-files",
        "netbase",
        "tzdata",
        "libc6",
        "gcc-12-base",
        "libgcc-s1",
        "libstdc++6",
        "libgomp1",
        "zlib1g",
        "libexpat1",
    ),
    *("libssl3", "libffi8", "libuuid1", "libbz2-1.0", "liblzma5", "libsqlite3-0"),
    *("python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib"),
)
"""Debian 12's Python, and what its own modules and the wheels link with."""

HAPROXY_PACKAGES = (
    *("base-files", "netbase", "libc6", "libcrypt1", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1"),
    *(
        "libstdc++6",
        "gcc-12-base",
        "libgcc-s1",
        "libpcre2-8-0",
        "libssl3",
        "libsystemd0",
        "libcap2",
        "libgcrypt20",
        "libgpg-error0",
    ),
    *("liblz4-1", "liblzma5", "libzstd1", "haproxy"),
)

SERVER_USER = 65532
"""`nonroot` of distroless images; any uid works, since nothing in the image is written to."""

HAPROXY_USER = 99
"""`haproxy` of the official image (docker-library/haproxy, 3.2/Dockerfile), so that one takes the other's place."""

Recipe = Callable[[LayerCache], PackedImage]


def server(cache: LayerCache) -> PackedImage:
    """Model server, relay and fetcher: Debian's Python, the wheels of requirements.txt, and `serving`."""
    return PackedImage(SERVER, (python := _python(cache), _wheels(cache, python), _application(cache, python)))


def haproxy(cache: LayerCache) -> PackedImage:
    """Debian's HAProxy, which has Lua and the Prometheus exporter, to be run as the official image is."""

    def fill(tree: Path) -> None:
        unpack(HAPROXY_PACKAGES, tree)
        write_users(tree, {"haproxy": HAPROXY_USER})

    return PackedImage(HAPROXY, (cache.layer("haproxy", candidates(HAPROXY_PACKAGES), fill),))


RECIPES: dict[str, Recipe] = {"server": server, "haproxy": haproxy}


def version() -> str:
    """Of llmctl, read and not imported: the packer needs nothing of it."""
    text = (REPOSITORY / "src/llmctl/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    return found.group(1) if found else "unknown"


SERVER = Configuration(
    user=SERVER_USER,
    entrypoint=("python3", "-m", "llmctl.serving.server"),
    environment={
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/tmp",  # noqa: S108 (a volume of the container's own)
        "PYTHONPATH": f"/{APPLICATION}",
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    },
    labels={
        "org.opencontainers.image.title": "llmctl server",
        "org.opencontainers.image.version": version(),
        "org.opencontainers.image.licenses": "Apache-2.0",
    },
)

HAPROXY = Configuration(
    user=HAPROXY_USER,
    entrypoint=("haproxy",),
    command=("-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"),
    environment={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    # SIGTERM ends it at once, with every connection; this lets them end (doc/management.txt, 4).
    stop_signal="SIGUSR1",
    labels={"org.opencontainers.image.title": "HAProxy from Debian 12"},
)


def _python(cache: LayerCache) -> Layer:
    def fill(tree: Path) -> None:
        unpack(PYTHON_PACKAGES, tree)
        (tree / "usr/bin/python3").symlink_to("python3.11")
        write_users(tree, {"nonroot": SERVER_USER})
        Interpreter(tree).compile(tree, "usr/lib/python3.11")

    return cache.layer("python", candidates(PYTHON_PACKAGES), fill)


def _wheels(cache: LayerCache, python: Layer) -> Layer:
    def fill(tree: Path) -> None:
        with interpreter(python) as program:
            program.install(REQUIREMENTS, CONSTRAINTS, tree / APPLICATION)
            program.compile(tree, APPLICATION)

    pinned = [file.read_text(encoding="utf-8") for file in (REQUIREMENTS, CONSTRAINTS)]
    return cache.layer("wheels", [python.diff_id, *pinned], fill)


def _application(cache: LayerCache, python: Layer) -> Layer:
    files = sources(REPOSITORY)

    def fill(tree: Path) -> None:
        copy_files(files, tree / APPLICATION)
        with interpreter(python) as program:
            program.compile(tree, APPLICATION)

    return cache.layer("llmctl", [python.diff_id, content_key(files.values(), REPOSITORY)], fill)

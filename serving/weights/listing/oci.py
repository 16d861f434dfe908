"""Files of an OCI artifact whose layers are files: what `oras push` makes, and ModelPack with raw layers.

A layer's digest is the SHA-256 of the file then, so the manifest's digest pins every byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from llmctl.serving.errors import InvalidWeights, ModelNotFound
from llmctl.serving.images.manifest import Descriptor, Manifest
from llmctl.serving.images.reference import parse_reference
from llmctl.serving.images.registry import Registry
from llmctl.serving.weights.listing.selection import needed
from llmctl.serving.weights.spec import SourceKind, WeightFile, Weights

PATHS = ("org.cncf.model.filepath", "org.opencontainers.image.title")
"""Annotations that name a layer's file: ModelPack's (modelpack/model-spec, specs-go/v1/annotations.go, 2025), and the
one of the OCI image specification, which ORAS uses."""

UNPACK = "io.deis.oras.content.unpack"
"""Annotation of ORAS (oras-go, content/file) for a directory that it packed. Its media types tell nothing: a plain file
is a `vnd.oci.image.layer.v1.tar` there."""

PACKED = re.compile(r"application/vnd\.cncf\.model\..*\.tar(\+\w+)?")
"""Media types of ModelPack's other form (specs-go/v1/mediatype.go)."""

PUSH = "Push it file by file: cd there, run: oras push REFERENCE FILES"


def list_oci(
    reference: str,
    *,
    gguf: bool,
    quantization: str | None = None,
    code: bool = False,
    environ: Mapping[str, str],
    credentials: str | None = None,
) -> Weights:
    """What the artifact is (`host/repository:tag` or `@digest`), pinned to its digest.

    Credentials are those of the Docker configuration that `environ` points to. Raises InvalidImage, RegistryError,
    InvalidWeights, ModelNotFound.
    """
    asked = parse_reference(reference)
    registry = Registry(asked.host, environ)
    try:
        manifest = registry.manifest(asked.repository, asked.version)
    finally:
        registry.close()
    layers = _files(manifest, reference)
    names = needed(layers, gguf=gguf, quantization=quantization, code=code, where=reference)
    return Weights(
        kind=SourceKind.OCI,
        url=f"{asked.host}/{asked.repository}@{manifest.digest}",
        files=tuple(_file(name, layers[name], reference) for name in names),
        credentials=credentials,
    )


def _files(manifest: Manifest, reference: str) -> Mapping[str, Descriptor]:
    if manifest.is_index:
        raise InvalidWeights(f"{reference} is an index of several artifacts; name one of them by its digest.")
    named = (
        (next((layer.annotations[key] for key in PATHS if key in layer.annotations), ""), layer)
        for layer in manifest.blobs
    )
    layers = {name: layer for name, layer in named if name}
    if not layers:
        raise ModelNotFound(f"{reference} has no layer that names a file: it is an image, and no model. {PUSH}.")
    return layers


def _file(name: str, layer: Descriptor, reference: str) -> WeightFile:
    if layer.annotations.get(UNPACK) == "true" or PACKED.fullmatch(layer.media_type):
        raise InvalidWeights(f"{reference} has {name} packed ({layer.media_type}), which is not unpacked here. {PUSH}.")
    return WeightFile(path=name, size=layer.size, sha256=layer.digest.removeprefix("sha256:"))

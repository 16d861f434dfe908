"""Which files make a model, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SourceKind(StrEnum):
    HUB = "hub"
    """The Hugging Face Hub, or a mirror that speaks its API."""

    BUCKET = "bucket"
    """s3://, gs:// or az:// of an object store."""

    OCI = "oci"
    """An artifact in an OCI registry."""

    PVC = "pvc"
    """A PersistentVolumeClaim in the stack's namespace."""

    IMAGE = "image"
    """The engine's image brings them."""


@dataclass(frozen=True, kw_only=True)
class WeightFile:
    path: str
    """Below the model's directory."""

    size: int
    """Bytes."""

    sha256: str | None = None
    """64 hex; None only where the Hub has no other than the git hash of a small file."""

    git_sha1: str | None = None
    """40 hex: the git blob hash, for files that the Hub does not keep in LFS."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """All that a replica's init container brings into its directory."""

    kind: SourceKind
    url: str
    """hub: endpoint; bucket: s3://bucket/prefix; oci: repository@digest; pvc: claim name and path, claim/path."""

    repository: str | None = None
    """hub: owner/name."""

    revision: str | None = None
    files: tuple[WeightFile, ...] = ()
    credentials: str | None = None
    """Name of the Secret whose keys become variables of the relay alone (HF_TOKEN, AWS_ACCESS_KEY_ID…)."""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

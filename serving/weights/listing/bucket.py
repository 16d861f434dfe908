"""Files of a bucket below a prefix, by the SHA256SUMS that lies beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from llmctl.serving.errors import DownloadFailed, InvalidWeights, ModelNotFound
from llmctl.serving.weights.bucket import open_bucket, told
from llmctl.serving.weights.listing.checksums import NAME, no_checksums, parse_checksums
from llmctl.serving.weights.listing.selection import needed
from llmctl.serving.weights.spec import SourceKind, WeightFile, Weights

if TYPE_CHECKING:
    from obstore.store import ObjectStore


def list_bucket(
    url: str,
    *,
    gguf: bool,
    quantization: str | None = None,
    code: bool = False,
    environ: Mapping[str, str],
    credentials: str | None = None,
) -> Weights:
    """What lies below `url`; every needed file must stand in SHA256SUMS. `environ` has the variables to ask with.

    Raises InvalidWeights, ModelNotFound, DownloadFailed.
    """
    store = open_bucket(url, environ)
    with told(url, ModelNotFound, DownloadFailed):
        sizes = _sizes(store)
    if NAME not in sizes:
        raise no_checksums(url)
    with told(url, ModelNotFound, DownloadFailed):
        sums = parse_checksums(_read(store), where=url)
    names = needed((name for name in sizes if name != NAME), gguf=gguf, quantization=quantization, code=code, where=url)
    if missing := [name for name in names if name not in sums]:
        raise InvalidWeights(f"{url}/{NAME} does not have {', '.join(missing)}; make it anew.")
    files = tuple(WeightFile(path=name, size=sizes[name], sha256=sums[name]) for name in names)
    return Weights(kind=SourceKind.BUCKET, url=url, files=files, credentials=credentials)


def _sizes(store: ObjectStore) -> dict[str, int]:
    import obstore

    return {entry["path"]: entry["size"] for page in obstore.list(store) for entry in page}


def _read(store: ObjectStore) -> bytes:
    import obstore

    return bytes(obstore.get(store, NAME).bytes())

"""Files of a repository of the Hub, or of a mirror with its API, at one commit."""

from __future__ import annotations

from llmctl.serving.errors import ModelNotFound
from llmctl.serving.models.hub import LARGEST_PLAIN_DOWNLOAD, Hub, Repository
from llmctl.serving.weights.listing.selection import needed
from llmctl.serving.weights.spec import SourceKind, WeightFile, Weights


def list_hub(
    model_id: str,
    *,
    revision: str | None,
    gguf: bool,
    quantization: str | None = None,
    code: bool = False,
    hub: Hub,
    credentials: str | None = None,
) -> Weights:
    """What `model_id` is at `revision` (branch, tag or commit; None: main), pinned to the commit.

    SHA-256 of files in LFS, git's hash of small ones; both are the Hub's word. A gated repository is asked for access
    with the token of `hub` now. `credentials` names the Secret that the relay will use.
    Raises ModelNotFound, ModelAccessDenied, DownloadFailed.
    """
    repository = hub.repository(model_id, revision)
    names = needed(repository.files, gguf=gguf, quantization=quantization, code=code, where=model_id)
    if repository.gated:
        hub.check_access(model_id, repository.commit, names[-1])
    return Weights(
        kind=SourceKind.HUB,
        url=hub.endpoint,
        repository=model_id,
        revision=repository.commit,
        files=tuple(_file(model_id, repository, name, hub) for name in names),
        credentials=credentials,
    )


def _file(model_id: str, repository: Repository, name: str, hub: Hub) -> WeightFile:
    remote = repository.files[name]
    if remote.sha256 is None and remote.git_sha1 is None:
        raise ModelNotFound(f"{hub.endpoint} gives no hash for {model_id} {name}, so it could not be verified.")
    if remote.size > LARGEST_PLAIN_DOWNLOAD:
        raise ModelNotFound(
            f"{name} of {model_id} has {remote.size / 1e9:.0f} GB; the Hub serves more than 50 GB only through xet. "
            "Put the model into a bucket or on a volume, and name that as the source of the weights."
        )
    return WeightFile(path=name, size=remote.size, sha256=remote.sha256, git_sha1=remote.git_sha1)

"""The Hugging Face Hub: what a repository holds at a commit, and one file of it, resumed and verified.

huggingface_hub supplies the requests, their retries (429 with Retry-After, 5xx) and its errors. Its `hf_hub_download`
is not used: 2.4.0 deletes a partial file when the process ends (a stopped 40 GB download starts again at zero), does
not retry a reset connection, and never compares a SHA-256. Plain HTTP only: hf-xet would do none of this either.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Self

from llmctl.serving.errors import DownloadFailed, ModelDamaged, ModelNotFound
from llmctl.serving.models.disk import require_space
from llmctl.serving.models.hub_errors import translated
from llmctl.serving.models.integrity import Progress
from llmctl.serving.models.model_file import ModelFile
from llmctl.serving.models.partial_download import PartialDownload
from llmctl.serving.models.remote_prefix import RemotePrefix

if TYPE_CHECKING:
    from huggingface_hub.utils import SafetensorsFileMetadata

DEFAULT_ENDPOINT = "https://huggingface.co"
TIMEOUT_SECONDS = 30.0
"""Without a byte; afterwards the request is tried again."""
LARGEST_PLAIN_DOWNLOAD = 50_000_000_000
"""Bytes; the Hub serves larger files only through its xet protocol (huggingface_hub, MAX_HTTP_DOWNLOAD_SIZE)."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RemoteFile:
    size: int
    sha256: str | None
    """None for a small file that lies in git itself."""

    git_sha1: str | None = None
    """Git's hash of such a small file's content; None for the others, where it would be that of a pointer."""


@dataclass(frozen=True)
class Repository:
    commit: str
    files: Mapping[str, RemoteFile]
    gated: bool
    licence: str | None = None
    """As the model card says it; the name of the licence where it is none of the Hub's list."""


@dataclass(frozen=True, kw_only=True)
class Hub:
    endpoint: str = DEFAULT_ENDPOINT
    token: str | None = field(default=None, repr=False)
    """Sent to the endpoint only, never to the storage it redirects to."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """HF_ENDPOINT and HF_TOKEN. A login saved by `hf auth login` is not read: what is sent is what was set."""
        endpoint = environment.get("HF_ENDPOINT", "").strip().rstrip("/") or DEFAULT_ENDPOINT
        return cls(endpoint=endpoint, token=environment.get("HF_TOKEN", "").strip() or None)

    def repository(self, model_id: str, revision: str | None) -> Repository:
        """The files at a branch, tag or commit, with the 40-hex commit it is. Raises as `translated` does."""
        from urllib.parse import quote

        import httpx2
        from huggingface_hub.utils import hf_raise_for_status, http_backoff, validate_repo_id

        with self._translated(model_id):
            validate_repo_id(model_id)
            url = f"{self.endpoint}/api/models/{model_id}/revision/{quote(revision or 'main', safe='')}"
            answer = http_backoff(
                "GET",
                url,
                params={"blobs": True},
                headers=self._headers(),
                timeout=TIMEOUT_SECONDS,
                retry_on_exceptions=(httpx2.ReadError, httpx2.RemoteProtocolError),  # without a network: say so now
            )
            hf_raise_for_status(answer)
        return _repository(model_id, answer.json())

    def read(self, model_id: str, commit: str, filename: str) -> bytes:
        """A small file, whole: config.json and its like. Raises as `translated` does."""
        import httpx2
        from huggingface_hub.utils import hf_raise_for_status, http_backoff

        with self._translated(model_id):
            answer = http_backoff(
                "GET",
                self._url(model_id, commit, filename),
                headers=self._headers(),
                timeout=TIMEOUT_SECONDS,
                retry_on_exceptions=(httpx2.ReadError, httpx2.RemoteProtocolError),
            )
            hf_raise_for_status(answer)
            return bytes(answer.content)

    def safetensors_header(self, model_id: str, commit: str, filename: str) -> SafetensorsFileMetadata:
        """Names, dtypes and shapes in a file, by an HTTP range. Raises ModelDamaged and as `translated` does."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import SafetensorsParsingError

        with self._translated(model_id):
            api = HfApi(endpoint=self.endpoint, token=self.token or False, library_name="llmctl")
            try:
                return api.parse_safetensors_file_metadata(model_id, filename, revision=commit, timeout=TIMEOUT_SECONDS)
            except SafetensorsParsingError as error:
                raise ModelDamaged(f"{model_id} {filename} is not a safetensors file.") from error

    def prefix(self, model_id: str, commit: str, filename: str, size: int) -> RemotePrefix:
        """The start of a file of `size` bytes, for its header. Reading it raises as `translated` does."""
        return RemotePrefix(
            url=self._url(model_id, commit, filename),
            headers=self._headers(),
            name=f"{model_id} {filename}",
            size=size,
            timeout=TIMEOUT_SECONDS,
            translated=lambda: self._translated(model_id),
        )

    def check_access(self, model_id: str, commit: str, filename: str) -> None:
        """Raises ModelAccessDenied now, before anything is made, if the file of a gated repository may not be read."""
        from huggingface_hub import get_hf_file_metadata

        with self._translated(model_id):
            url = self._url(model_id, commit, filename)
            get_hf_file_metadata(
                url, token=self.token or False, timeout=TIMEOUT_SECONDS, endpoint=self.endpoint, retry_on_errors=True
            )

    def download(self, file: ModelFile, target: Path, progress: Progress) -> None:
        """Fetch `file` to `target`, from where an earlier try stopped. Raises ModelDamaged and as `translated` does."""
        size, sha256 = int(file.size or 0), str(file.sha256)
        if size > LARGEST_PLAIN_DOWNLOAD:
            raise DownloadFailed(
                f"{file.filename} has {size / 1e9:.0f} GB; the Hub serves more than 50 GB only through xet. Run "
                f"'hf download {file.model_id} {file.filename}' and give its path as the model."
            )
        download = PartialDownload(target, size=size, sha256=sha256, progress=progress)
        require_space(target.parent, size - download.done, what=f"{file.model_id} {file.filename}")
        with self._translated(file.model_id):
            download.run(self._url(file.model_id, str(file.revision), file.filename), self._headers(), TIMEOUT_SECONDS)

    def _url(self, model_id: str, commit: str, filename: str) -> str:
        from huggingface_hub import hf_hub_url

        return hf_hub_url(model_id, filename, revision=commit, endpoint=self.endpoint)

    def _headers(self) -> dict[str, str]:
        from huggingface_hub.utils import build_hf_headers

        # False and not None: None would make the library look for a saved token.
        return build_hf_headers(token=self.token or False, library_name="llmctl")

    def _translated(self, model_id: str) -> Any:
        return translated(model_id, endpoint=self.endpoint, has_token=self.token is not None)


def _repository(model_id: str, answer: Any) -> Repository:
    try:
        files = {entry["rfilename"]: _remote_file(entry) for entry in answer.get("siblings") or () if _is_inside(entry)}
        commit = str(answer["sha"])
    except (KeyError, TypeError, AttributeError) as error:
        raise DownloadFailed(f"The answer about {model_id} is not the Hub's; check HF_ENDPOINT and proxy.") from error
    if not _COMMIT.fullmatch(commit):
        raise ModelNotFound(f"{model_id} has no commit yet: the repository is empty.")
    return Repository(commit, files, gated=bool(answer.get("gated")), licence=_licence(answer.get("cardData")))


def _licence(card: Any) -> str | None:
    if not isinstance(card, Mapping):
        return None
    named = card.get("license_name") if card.get("license") == "other" else card.get("license")
    return str(named or card.get("license") or "") or None


def _is_inside(entry: Mapping[str, Any]) -> bool:
    """A name that would lead out of the cache directory is no file of ours."""
    path = PurePosixPath(entry["rfilename"])
    return not path.is_absolute() and ".." not in path.parts


def _remote_file(entry: Mapping[str, Any]) -> RemoteFile:
    size, sha256 = int(entry.get("size") or 0), str((entry.get("lfs") or {}).get("sha256", ""))
    if _SHA256.fullmatch(sha256):
        return RemoteFile(size, sha256)
    git_sha1 = str(entry.get("blobId", ""))
    return RemoteFile(size, None, git_sha1 if _COMMIT.fullmatch(git_sha1) and not entry.get("lfs") else None)

"""`llmctl:local:ModelServer`: check, diff, create, read, update and delete, as plain Python.

Nothing here knows gRPC. Properties come in and go out; errors are ServingError, InfraError or Cancelled,
in words for the user. The id of the resource is its run directory.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from llmctl.infra.local.server_process import ServerProcess, ServerStatus
from llmctl.infra.provider.difference import PROCESS, Difference, difference
from llmctl.infra.provider.inputs import Failure, failures
from llmctl.infra.provider.outside import Outside
from llmctl.infra.provider.preflight import endpoint_failures, memory_failures
from llmctl.infra.provider.progress import Progress
from llmctl.infra.provider.properties import UNKNOWN, Properties
from llmctl.infra.provider.startup import START_TIMEOUT_SECONDS, Loaded, bring_up, least_memory, resolve
from llmctl.infra.provider.wanted import wanted
from llmctl.serving.errors import ServingError

KEY_BYTES = 32
"""256 random bits, as much as the SHA-256 that a key is compared by can hold."""


class ModelServerResource:
    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._directories: dict[str, str] = {}
        """Where the server of a URN runs now: when the engine replaces it, it checks again as if it were new."""

    def check(self, urn: str, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:
        """The inputs with the revision filled in, and why they cannot work on this machine now."""
        found = list(failures(news))
        if found or UNKNOWN in news.values():
            return news, found
        news = _keep_revision(olds, news)
        own = [_status(news["directory"])]
        if not difference(olds, news, own[0].state).restarts:
            return news, []
        present = self._directories.setdefault(urn, olds.get("directory", news["directory"]))
        if present != news["directory"]:
            own.append(_status(present))
        try:
            return self._check_start(news, own)
        except ServingError as error:
            return news, [Failure("model", str(error))]

    def _check_start(self, news: Properties, own: Sequence[ServerStatus]) -> tuple[Properties, list[Failure]]:
        want = wanted(news)
        file = resolve(want, self._outside)
        found = list(endpoint_failures(want.hostname, want.port, own))
        needed = least_memory(want, file, self._outside)
        found += memory_failures(needed, self._outside.available_memory(), own)
        return {**news, "revision": want.revision or file.revision}, found

    def diff(self, olds: Properties, news: Properties) -> Difference:
        return difference(olds, news, _status(olds["directory"]).state)

    def preview_update(self, old_inputs: Properties, olds: Properties, news: Properties) -> dict[str, Any]:
        """What an update would leave: all outputs where the process stays, else what is known beforehand."""
        if not self.diff(old_inputs, news).restarts:
            return {**olds, **news}
        key = news.get("apiKey", olds["apiKey"])
        return {**self.preview_create(news), "apiKey": key}

    def preview_create(self, news: Properties) -> dict[str, Any]:
        """The outputs as far as they are known before anything is done."""
        if UNKNOWN in news.values():
            return {**dict.fromkeys(_OUTPUTS, UNKNOWN), **news}
        return {**dict.fromkeys(_OUTPUTS, UNKNOWN), **news, **_addresses(news), PROCESS: "running"}

    def create(self, news: Properties, progress: Progress, timeout: float = 0) -> dict[str, Any]:
        """Outputs of a server that has answered. A failed create leaves no process.

        What an interrupted create left in the directory is adopted, its key included.
        """
        process = ServerProcess(Path(news["directory"]))
        key = news.get("apiKey") or process.directory.api_key() or secrets.token_urlsafe(KEY_BYTES)
        try:
            return self._bring_up(news, key, progress, timeout)
        except Exception:
            process.remove()
            raise

    def update(
        self, old_inputs: Properties, olds: Properties, news: Properties, progress: Progress, timeout: float = 0
    ) -> dict[str, Any]:
        """As create, with the key kept. If the new server does not come up the earlier one is put back."""
        process = ServerProcess(Path(news["directory"]))
        before, key_before, was_alive = process.directory.spec(), process.directory.api_key(), process.status().alive
        if before and key_before and not self.diff(old_inputs, news).restarts:
            process.start(replace(before, grace=wanted(news).grace), key_before)
            return {**olds, **news, "apiKey": key_before}
        try:
            return self._bring_up(news, news.get("apiKey") or olds["apiKey"], progress, timeout)
        except Exception:
            if before and key_before and was_alive:
                process.start(before, key_before)
            raise

    def _bring_up(self, news: Properties, key: str, progress: Progress, timeout: float) -> dict[str, Any]:
        loaded = bring_up(wanted(news), key, self._outside, progress, timeout or START_TIMEOUT_SECONDS)
        return _outputs(news, key, loaded)

    def read(self, olds: Properties) -> dict[str, Any] | None:
        """The outputs with the process as it is, or None where it is gone."""
        status = _status(olds["directory"])
        if not status.alive:
            return None
        return {**olds, PROCESS: status.state, "processId": status.supervisor_pid or status.pid}

    def delete(self, olds: Properties) -> None:
        process = ServerProcess(Path(olds["directory"]))
        process.stop(float(olds["gracefulTerminationTimeout"]))
        process.remove()


_OUTPUTS = ("url", "apiKey", "apiKeyFile", "modelFile", "modelRevision", "modelSha256", PROCESS, "processId")


def _keep_revision(olds: Properties, news: Properties) -> Properties:
    """A model that was not changed stays at its commit, as a name that Pulumi made up stays."""
    kept = olds.get("revision") if olds.get("model") == news["model"] else None
    return {**news, "revision": kept} if kept and not news.get("revision") else news


def _status(directory: str) -> ServerStatus:
    return ServerProcess(Path(directory)).status()


def _addresses(news: Properties) -> dict[str, Any]:
    key_file = ServerProcess(Path(news["directory"])).directory.api_key_file
    return {"url": wanted(news).url, "apiKeyFile": str(key_file)}


def _outputs(news: Properties, key: str, loaded: Loaded) -> dict[str, Any]:
    model = {
        "modelFile": str(loaded.path),
        "modelRevision": loaded.revision or "",
        "modelSha256": loaded.sha256,
    }
    status = _status(news["directory"])
    process = {PROCESS: status.state, "processId": status.supervisor_pid}
    return {**news, **_addresses(news), **model, **process, "apiKey": key}

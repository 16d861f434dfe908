"""The cold start: from checked inputs to a server that has answered a real completion."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from llmctl.infra.errors import Refused
from llmctl.infra.local.run_directory import ServerSpec
from llmctl.infra.local.server_command import ServerOptions
from llmctl.infra.local.server_process import ServerProcess
from llmctl.infra.provider.outside import Outside
from llmctl.infra.provider.preflight import memory_failures
from llmctl.infra.provider.progress import Phase, Progress
from llmctl.infra.provider.wanted import Wanted
from llmctl.serving.models.model_file import ModelFile

START_TIMEOUT_SECONDS = 600.0
"""Where the program sets no customTimeouts. A model that is sensible without a GPU loads in far less."""


@dataclass(frozen=True)
class Loaded:
    """A model file on this disk, checked."""

    path: Path
    revision: str | None
    sha256: str


def bring_up(want: Wanted, key: str, outside: Outside, progress: Progress, timeout: float) -> Loaded:
    """Fetch, verify, start, load and warm up. On any failure the process that was started is gone again."""
    process = ServerProcess(want.directory)
    loaded = _obtain(want, outside, progress)
    _refuse_if_too_large(want, loaded, process, outside)
    try:
        _start(process, _spec(want, loaded, key, outside, timeout), key, progress)
        progress.enter(Phase.WARM_UP)
        outside.warm_up(want.url, key)
        progress.check_cancelled()
    except BaseException:
        process.stop()
        raise
    return loaded


def least_memory(want: Wanted, file: ModelFile, outside: Outside) -> int:
    """Bytes as far as they can be known before a download: at least the weights must fit."""
    return memory_needed(want, Path(file.filename), outside) if file.source == "disk" else file.size or 0


def resolve(want: Wanted, outside: Outside) -> ModelFile:
    return outside.models.resolve(want.model, revision=want.revision, quantization=want.quantization, base=want.base)


def _obtain(want: Wanted, outside: Outside, progress: Progress) -> Loaded:
    progress.enter(Phase.RESOLVE)
    file = resolve(want, outside)
    progress.enter(Phase.DOWNLOAD)
    path = outside.models.fetch(file, cache=want.cache, progress=progress.bytes)
    progress.enter(Phase.VERIFY)
    return Loaded(path, file.revision, file.sha256 or _sha256(path, progress))


def _sha256(path: Path, progress: Progress) -> str:
    """Of a file that nobody has described: it tells later which one was served, and a changed one apart."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
            progress.check_cancelled()
    return digest.hexdigest()


def _refuse_if_too_large(want: Wanted, loaded: Loaded, process: ServerProcess, outside: Outside) -> None:
    """Check looked at memory too, but could not where the model was still to be downloaded."""
    status = process.status()
    for failure in memory_failures(memory_needed(want, loaded.path, outside), outside.available_memory(), [status]):
        raise Refused(f"{want.model} {failure.reason}")


def memory_needed(want: Wanted, path: Path, outside: Outside) -> int:
    """Bytes. Raises ModelDamaged where the file is not what it should be."""
    return outside.models.memory_needed(
        path, slots=want.slots, context=want.max_total_tokens, ubatch=want.max_batch_prefill_tokens
    )


def _start(process: ServerProcess, spec: ServerSpec, key: str, progress: Progress) -> None:
    progress.enter(Phase.START)
    process.start(spec, key)
    progress.enter(Phase.LOAD)
    process.wait_until_ready(spec, progress.check_cancelled)


def _spec(want: Wanted, loaded: Loaded, key: str, outside: Outside, timeout: float) -> ServerSpec:
    directory = ServerProcess(want.directory).directory
    command = outside.server_command(
        ServerOptions(
            model_id=want.model,
            model_file=loaded.path,
            revision=loaded.revision,
            hostname=want.hostname,
            port=want.port,
            api_key_file=directory.api_key_file,
            max_concurrent_requests=want.max_concurrent_requests,
            max_input_tokens=want.max_input_tokens,
            max_total_tokens=want.max_total_tokens,
            slots=want.slots,
            max_batch_prefill_tokens=want.max_batch_prefill_tokens,
            threads=want.threads,
            runtime_dir=directory.runtime,
        )
    )
    return ServerSpec(
        command=command,
        url=want.url,
        model=want.model,
        identity=_digest([*command, loaded.sha256, key]),
        grace=want.grace,
        start_timeout=timeout,
    )


def _digest(parts: list[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

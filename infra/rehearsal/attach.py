"""Attach doubles to the Pulumi engine of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from llmctl.infra.rehearsal.cloud.faults import plan_faults

DEBUG_PROVIDERS = "PULUMI_DEBUG_PROVIDERS"
NO_ACQUISITION = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"

STOP_SECONDS = 5.0


@contextmanager
def kubernetes_double(
    *, settle: float | None = None, environ: Mapping[str, str] = os.environ
) -> Iterator[dict[str, str]]:
    """Runs the double of pulumi-kubernetes and yields the variables with which the Pulumi engine uses it.

    settle: seconds that the endpoints of a Service have to stay the same before it counts as ready; the original takes
    10. environ: in which the double looks for KUBECONFIG and PULUMI_K8S_*; it does not see that of the Pulumi CLI.
    It ends with this context, and with this process however that ends.
    """
    arguments = [] if settle is None else ["--settle", str(settle)]
    with _attached("llmctl.infra.rehearsal.kubernetes", arguments, environ) as variables:
        yield variables


@contextmanager
def cloud_double(
    world: Path,
    *,
    faults: Iterable[str] = (),
    account: str | None = None,
    realtime: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[dict[str, str]]:
    """Runs the double of a cloud and yields the variables with which the Pulumi engine uses it.

    world: the directory in which it keeps what is there, its timeline and the faults; one of an earlier run goes on.
    faults: as `cloud.faults.parse` reads them; raises ValueError for what is none. account: of the credentials that it
    pretends to have, else whatever the program's provider asks for. realtime: it waits as long as the original does.
    """
    plan_faults(world, faults)
    arguments = [str(world), *(["--account", account] if account else []), *(["--realtime"] if realtime else [])]
    with _attached("llmctl.infra.rehearsal.cloud", arguments, environ) as variables:
        yield variables


@contextmanager
def _attached(module: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-P", "-m", module, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=dict(environ)
    ) as process:
        try:
            yield {DEBUG_PROVIDERS: _served(process, module), NO_ACQUISITION: "true"}
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _served(process: subprocess.Popen[str], module: str) -> str:
    assert process.stdout  # noqa: S101  (it was asked for)
    line = process.stdout.readline().strip()
    if not line:
        raise RuntimeError(f"the double {module} ended with {process.wait()} before it served")
    return line

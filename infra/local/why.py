"""Why a local stack is in trouble: what its supervisor knows, and the engine's last words."""

from __future__ import annotations

from llmctl.infra.diagnosis import NOTHING_IS_WRONG, Diagnosis
from llmctl.infra.local.log_reader import last_lines, open_log
from llmctl.infra.local.status import status
from llmctl.infra.settings import StackSettings
from llmctl.infra.status import StackStatus
from llmctl.infra.targets import StackContext
from llmctl.serving.engines.failures import engine_failure

LINES = 60
"""Of the log: a Python traceback and what led to it."""


def why(settings: StackSettings, context: StackContext) -> Diagnosis:
    now = status(settings, context)
    about = f"process {now.details['pid']}" if now.details.get("pid") else context.stack
    if not now.is_deployed:
        return Diagnosis(
            sentence=f"{context.stack} is not deployed.", fix=f"Deploy it: llmctl up {context.stack}", about=about
        )
    if now.problem is None and now.healthy:
        return Diagnosis(sentence=NOTHING_IS_WRONG, fix="Nothing to do.", about=about, wrong=False)
    lines = _last_lines(now)
    if failure := engine_failure(lines):
        said = f"The server does not answer: {failure.sentence}."
        return Diagnosis(sentence=said, fix=failure.fix, about=about, evidence=(failure.line,))
    sentence = now.problem or f"The server is {now.state} and does not answer."
    fix = f"Look at: llmctl logs {context.stack}"
    return Diagnosis(sentence=sentence, fix=fix, about=about, evidence=tuple(lines[-5:]))


def _last_lines(now: StackStatus) -> list[str]:
    if now.log_file is None:
        return []
    with open_log(now.log_file) as log:
        return last_lines(log, LINES)

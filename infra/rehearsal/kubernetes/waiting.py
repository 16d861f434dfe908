"""Asks whether an object is ready, or gone, until it is so, or time is up, or the engine has cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from llmctl.infra.rehearsal.kubernetes.annotations import SKIP_AWAIT, is_set
from llmctl.infra.rehearsal.kubernetes.api import Api
from llmctl.infra.rehearsal.kubernetes.errors import ApiFault, Cancelled, NotReady, TimedOut, Unreachable
from llmctl.infra.rehearsal.kubernetes.readiness.judgement import Judgement, Manifest, Observed
from llmctl.infra.rehearsal.kubernetes.readiness.rules import RULES, Rule

INTERVAL_SECONDS = 0.25
"""Between two looks. The original is told of changes by the API server; nobody sees the difference."""

SETTLE_SECONDS = 10.0
"""How long endpoints must have stayed the same, as in the original."""


@dataclass(frozen=True)
class Patience:
    """How an operation waits."""

    timeout: float
    """Seconds."""

    cancelled: Callable[[], bool]
    tell: Callable[[str, str], None]
    """A severity (info or warning) and a line about the resource, each shown once."""

    settle: float = SETTLE_SECONDS


def until_ready(api: Api, applied: dict[str, Any], before: Manifest | None, patience: Patience) -> dict[str, Any]:
    """The object once it is ready. Raises NotReady's kinds, with the object as it was last seen."""
    rule = RULES.get((applied["apiVersion"], applied["kind"]))
    if rule is None or is_set(applied, SKIP_AWAIT):
        return applied
    live, looks = applied, Looks(api, rule, patience.settle)
    deadline = time.monotonic() + (rule.limit_seconds or patience.timeout)
    while True:
        live, judgement = looks.look(live, before)
        _tell(judgement, patience)
        if judgement.ready:
            patience.tell("info", "")
            return live
        _give_up(live, judgement, deadline, patience)
        time.sleep(INTERVAL_SECONDS)


def as_it_is(api: Api, live: dict[str, Any]) -> Judgement:
    """One look, for a refresh."""
    rule = RULES.get((live["apiVersion"], live["kind"]))
    if rule is None or not rule.on_read or is_set(live, SKIP_AWAIT):
        return Judgement(True)
    return Looks(api, rule, settle=0).look(live, None)[1]


class Looks:
    """What is seen of an object and what belongs to it, and since when it has not changed."""

    def __init__(self, api: Api, rule: Rule, settle: float) -> None:
        self._api, self._rule, self._settle = api, rule, settle
        self._versions: Sequence[str] | None = None
        self._since = time.monotonic()

    def look(self, last: dict[str, Any], before: Manifest | None) -> tuple[dict[str, Any], Judgement]:
        """An object that cannot be read at the moment stays as it was last seen."""
        try:
            live = self._api.get(last)
            namespace = last["metadata"].get("namespace", "")
            related = {kind: self._listed(version, kind, namespace) for version, kind in self._rule.related}
        except (ApiFault, Unreachable) as error:
            return last, Judgement(False, warnings=(str(error),), problems=(str(error),))
        return live, self._rule.judge(Observed(live, before, related, self._is_quiet(related)))

    def _listed(self, api_version: str, kind: str, namespace: str) -> list[dict[str, Any]]:
        with suppress(ApiFault):  # who may not list the pods does without their words
            return self._api.list(api_version, kind, namespace)
        return []

    def _is_quiet(self, related: dict[str, list[dict[str, Any]]]) -> bool:
        versions = [each["metadata"]["resourceVersion"] for objects in related.values() for each in objects]
        if versions != self._versions:
            self._versions, self._since = versions, time.monotonic()
        return time.monotonic() - self._since >= self._settle


def until_gone(api: Api, about: dict[str, Any], patience: Patience) -> None:
    """Raises NotReady's kinds where it is still there."""
    live, deadline = about, time.monotonic() + patience.timeout
    uid = about["metadata"].get("uid")
    while True:
        try:
            live = api.get(about)
        except ApiFault as fault:
            if fault.code == 404:
                return
            patience.tell("warning", f"unexpected error while checking cluster state: {fault}")
        except Unreachable as error:
            patience.tell("warning", f"unexpected error while checking cluster state: {error}")
        if uid and live["metadata"].get("uid") != uid:
            return  # somebody has made another one under the name
        _give_up_on_deletion(live, deadline, patience)
        time.sleep(INTERVAL_SECONDS)


def _tell(judgement: Judgement, patience: Patience) -> None:
    patience.tell("info", judgement.waiting_for)
    for warning in judgement.warnings:
        patience.tell("warning", warning)


def _give_up(live: dict[str, Any], judgement: Judgement, deadline: float, patience: Patience) -> None:
    name = live["metadata"]["name"]
    if judgement.hopeless:
        raise NotReady(f"Resource '{name}' was created but failed to initialize", live, judgement.problems)
    if patience.cancelled():
        raise Cancelled(f'Resource operation was cancelled for "{name}"', live, judgement.problems)
    if time.monotonic() > deadline:
        raise TimedOut(f"'{name}' timed out waiting to be Ready", live, judgement.problems)


def _give_up_on_deletion(live: dict[str, Any], deadline: float, patience: Patience) -> None:
    finalizers = ", ".join(live["metadata"].get("finalizers") or ())
    said = f"finalizers might be preventing deletion ({finalizers})"
    if patience.cancelled():
        raise Cancelled(f'Resource operation was cancelled for "{live["metadata"]["name"]}"', live, [said])
    if time.monotonic() > deadline:
        patience.tell("warning", said)
        raise TimedOut("timed out waiting for the condition", live, [said])

from __future__ import annotations

from typing import Any

from pulumi.automation.events import EngineEvent

from llmctl.infra.deployment.progress import Message, PhaseClock, PhaseReached, ResourceDone, ResourceStarted, Update
from llmctl.infra.deployment.progress_reader import ProgressReader
from llmctl.infra.plan import Operation

URN = "urn:pulumi:local::llmctl::llmctl:local:ModelServer::server"


def event(kind: str, **content: Any) -> EngineEvent:
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: content})


def step(kind: str, op: str = "create", urn: str = URN, **content: Any) -> EngineEvent:
    metadata = {"op": op, "urn": urn, "type": urn.split("::")[2], "provider": ""}
    return event(kind, metadata=metadata, **content)


def said(severity: str, message: str) -> EngineEvent:
    return event("diagnosticEvent", severity=severity, message=message, color="never")


def heard(*events: EngineEvent) -> list[Update]:
    updates: list[Update] = []
    reader = ProgressReader(updates.append)
    for each in events:
        reader(each)
    return updates


def test_a_resource_is_told_when_it_starts_and_when_it_is_done() -> None:
    started, done = heard(step("resourcePreEvent"), step("resOutputsEvent"))
    assert started == ResourceStarted("server", "llmctl:local:ModelServer", Operation.CREATE)
    assert isinstance(done, ResourceDone)
    assert not done.failed


def test_a_failed_resource_is_told_as_failed() -> None:
    _, done = heard(step("resourcePreEvent"), step("resOpFailedEvent", status=1, steps=1))
    assert isinstance(done, ResourceDone)
    assert done.failed


def test_a_preview_and_what_stays_the_same_are_no_progress() -> None:
    assert (
        heard(step("resourcePreEvent", planning=True), step("resourcePreEvent", op="same"), step("resOutputsEvent"))
        == []
    )


def test_the_stack_itself_is_no_progress() -> None:
    assert heard(step("resourcePreEvent", urn="urn:pulumi:local::llmctl::pulumi:pulumi:Stack::llmctl-local")) == []


def test_phases_of_a_cold_start_are_read_from_the_providers_messages() -> None:
    assert heard(said("info", "phase=load\n"), said("info", "phase=download done=5 total=10")) == [
        PhaseReached("load"),
        PhaseReached("download", 5, 10),
    ]


def test_warnings_are_told_at_once_and_errors_are_kept_for_the_end() -> None:
    updates: list[Update] = []
    reader = ProgressReader(updates.append)
    for each in (said("warning", "careful"), said("error", "no"), said("debug", "noise")):
        reader(each)
    assert (updates, reader.errors) == ([Message("warning", "careful")], ["no"])


def test_a_phase_is_told_with_what_it_took_the_last_time_and_its_seconds_are_kept() -> None:
    updates: list[Update] = []
    clock = PhaseClock(updates.append, {"load": 2.5})
    for phase in ("resolve", "load", "load"):
        clock(PhaseReached(phase))
    clock(ResourceDone("server", "t", Operation.CREATE, 1.0))
    assert [update.usual for update in updates if isinstance(update, PhaseReached)] == [None, 2.5, 2.5]
    assert list(clock.seconds) == ["resolve", "load"]

from __future__ import annotations

from pathlib import Path

import httpx
import psutil
from drivers.pulumi_project import PulumiProject


def authorised(outputs: dict[str, str]) -> bool:
    headers = {"authorization": f"Bearer {outputs['api_key']}"}
    answer: dict[str, bool] = httpx.get(outputs["url"], headers=headers).json()
    return answer["authorised"]


def test_a_preview_starts_nothing_and_knows_what_can_be_known(project: PulumiProject) -> None:
    assert project.preview() == {"create": 2}
    assert not project.directory.exists()


def test_a_server_is_created_read_and_deleted(project: PulumiProject) -> None:
    outputs = project.up()
    assert project.server.status().state == "running"
    assert authorised(outputs)
    assert project.phases() == [
        "phase=resolve",
        "phase=download",
        "phase=verify",
        "phase=start",
        "phase=load",
        "phase=warm-up",
    ]

    project.stack.refresh()
    assert project.state()["outputs"]["process"] == "running"
    assert project.preview() == {"same": 2}

    project.stack.destroy()
    assert project.server.status().state == "stopped"
    assert sorted(p.name for p in project.directory.iterdir()) == ["change.lock", "server.log"]
    assert "draining" in project.server.log_file.read_text(), "SIGTERM comes before SIGKILL"


def test_only_an_input_that_matters_to_the_process_restarts_it(project: PulumiProject) -> None:
    first = project.up()
    pid = project.server.status().pid

    project.declares(graceful_termination_timeout=7)
    assert project.preview() == {"same": 1, "update": 1}
    project.up()
    assert project.server.status().pid == pid
    spec = project.server.directory.spec()
    assert spec is not None
    assert spec.grace == 7, "the supervisor reads it when it stops the server"

    project.declares(max_total_tokens=2048)
    second = project.up()
    assert project.server.status().pid != pid
    assert second["api_key"] == first["api_key"]
    assert authorised(second)


def test_another_run_directory_is_another_server_on_the_same_port(project: PulumiProject, tmp_path: Path) -> None:
    project.up()
    old = project.server
    project.moves_to(tmp_path / "servers" / "other")
    assert project.preview() == {"same": 1, "replace": 1}
    outputs = project.up()
    assert old.status().state == "stopped"
    assert project.server.status().state == "running"
    assert authorised(outputs)


def test_the_key_is_nowhere_in_clear_but_in_its_file(project: PulumiProject, tmp_path: Path) -> None:
    project.declares(api_key="sk-assembled-" + "fake")
    outputs = project.up()
    key = outputs["api_key"]
    assert authorised(outputs)
    pid = project.server.status().pid
    assert pid
    family = [psutil.Process(pid), *psutil.Process(pid).parents()[:1]]
    seen = [str((p.cmdline(), p.environ())) for p in family]
    assert not any(key in text or "correct horse" in text for text in seen), "a process shows a secret"

    holders = {p.name for p in tmp_path.rglob("*") if p.is_file() and key.encode() in p.read_bytes()}
    assert holders == {"api_key"}
    assert project.server.directory.api_key_file.stat().st_mode & 0o777 == 0o600
    assert not any(key in str(event) for event in project.events)


def test_a_hub_model_stays_at_its_commit_until_the_model_changes(project: PulumiProject) -> None:
    old, new = "a" * 40, "b" * 40
    project.world.publishes("hub/tiny", old)
    project.declares(model="hub/tiny")
    assert project.up()["model_revision"] == old

    project.world.publishes("hub/tiny", new)
    assert project.preview() == {"same": 2}

    project.declares(revision=new)
    assert project.up()["model_revision"] == new

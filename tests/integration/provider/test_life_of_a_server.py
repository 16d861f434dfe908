from __future__ import annotations

import httpx
from doubles.pulumi_project import PulumiProject


def test_a_server_is_created_read_and_deleted(project: PulumiProject) -> None:
    outputs = project.up()

    status = project.server.status()
    assert status.state == "running"
    answer = httpx.get(outputs["url"], headers={"authorization": f"Bearer {outputs['api_key']}"}).json()
    assert answer == {"model_id": "small.gguf", "authorised": True}
    assert project.phases() == [
        "phase=resolve",
        "phase=download",
        "phase=download done=1000 total=1000",
        "phase=verify",
        "phase=start",
        "phase=load",
        "phase=warm-up",
    ]

    project.stack.refresh()
    assert project.state()["outputs"]["process"] == "running"

    project.stack.destroy()
    assert project.server.status().state == "stopped"
    assert sorted(p.name for p in project.directory.iterdir()) == ["change.lock", "server.log"]

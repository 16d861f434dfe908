"""`llmctl rehearse` as a user runs it: from nothing to nothing on the real Pulumi engine, for each kind of network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

SMALLEST: dict[str, Any] = {"region": "us-east-1", "account": "123456789012", "owner": "platform"}
ACCOUNTS = {
    "one-nat": SMALLEST,
    "no-way-out": {**SMALLEST, "region": "eu-central-1", "network": {"nat": "none"}},
    "public-and-protected": {
        **SMALLEST,
        "environment": "prod",
        "protect": True,
        "network": {"nat": "per-zone", "endpoints": "all"},
        "eks": {"publicCidrs": ["203.0.113.0/24"], "admins": ["arn:aws:iam::123456789012:role/ops"]},
        "nodePools": {"l4:1": {"capacity": [{"machineType": "g6.2xlarge", "kind": "spot"}]}},
        "loadBalancer": {"domain": "llm.example.com", "public": True, "hostedZone": "Z0123456789ABC"},
        "pipelines": [{"issuer": "github", "subject": "repo:acme/llm:environment:prod"}],
    },
}
LLMCTL = str(Path(sys.executable).with_name("llmctl"))


def a_project(directory: Path, aws: dict[str, Any]) -> Path:
    command = [LLMCTL, "init", "local"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    config: dict[str, Any] = {
        "llmctl:target": "aws",
        "llmctl:aws": aws,
        "llmctl:cluster": {"serverImage": "ghcr.io/llmctl/server:0.1"},
        "llmctl:models": {"small": {"id": "Qwen/Qwen3-8B", "accelerator": "l4:1"}},
    }
    if "loadBalancer" in aws:
        config["llmctl:gateway"] = {"tlsSecret": "gateway-tls"}
    (directory / "stacks" / "Pulumi.rehearsed.yaml").write_text(yaml.safe_dump({"config": config}))
    return directory


def rehearse(project: Path, *options: str) -> tuple[int, dict[str, Any]]:
    command = [LLMCTL, "rehearse", "rehearsed", "--json", *options]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_stack_goes_from_nothing_to_nothing_and_a_second_up_has_nothing_to_do(name: str, tmp_path: Path) -> None:
    project = a_project(tmp_path, ACCOUNTS[name])
    before = {path: path.read_bytes() for path in (project / "stacks").iterdir()}
    code, report = rehearse(project)
    assert (code, report["mistakes"], report["left"]) == (0, [], [])
    up, again, refresh, _ = report["steps"]
    assert set(up["changes"]) == {"create"}
    assert up["changes"]["create"] > 150
    assert (again["changes"], refresh["changes"]) == ({}, {})
    assert {path: path.read_bytes() for path in (project / "stacks").iterdir()} == before


def test_a_fault_that_there_is_none_of_is_told_before_anything_starts(tmp_path: Path) -> None:
    project = a_project(tmp_path, SMALLEST)
    command = [LLMCTL, "rehearse", "rehearsed", "--fault", "earthquake"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no fault 'earthquake': it is NAME[=PLACE][,TIMES], and names are throttled" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_aws_refuses_is_told_and_what_was_made_is_taken_away(tmp_path: Path) -> None:
    project = a_project(tmp_path, SMALLEST)
    code, report = rehearse(project, "--fault", "quota=aws:eks/cluster:Cluster")
    assert code == 1
    assert [step["step"] for step in report["steps"]] == ["up", "down"]
    assert "creating aws:eks/cluster:Cluster" in report["steps"][0]["error"]
    assert report["steps"][1]["error"] is None
    assert report["left"] == []

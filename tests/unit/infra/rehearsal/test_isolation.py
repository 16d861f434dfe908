"""What a rehearsal takes along of a user's project and environment, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from llmctl.infra.project import Project
from llmctl.infra.rehearsal.isolation import isolate

STACK = """\
encryptionsalt: v1:abc
secretsprovider: awskms://alias/state
config:
  llmctl:target: aws
  llmctl:backend: s3://state
  llmctl:hubToken:
    secure: v1:def
  other:thing:
    secure: v1:ghi
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "real")
    project.stacks.mkdir(parents=True)
    (project.stacks / "Pulumi.yaml").write_text("name: llmctl\nruntime: python\n")
    (project.stacks / "Pulumi.other.yaml").write_text("config: {}\n")
    (project.stacks / "images.lock.json").write_text("{}")
    project.stack_file("aws-dev").write_text(STACK)
    return project


def test_the_real_files_are_only_read(project: Project, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    isolate(project, "aws-dev", tmp_path / "copy", {})
    assert {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()} == before


def test_neither_secrets_nor_the_backend_come_along(project: Project, tmp_path: Path) -> None:
    isolated = isolate(project, "aws-dev", tmp_path / "copy", {})
    assert yaml.safe_load(isolated.project.stack_file("aws-dev").read_text()) == {"config": {"llmctl:target": "aws"}}
    assert isolated.secrets == ("hubToken",)


def test_other_stacks_stay_and_what_all_stacks_need_comes_along(project: Project, tmp_path: Path) -> None:
    copied = isolate(project, "aws-dev", tmp_path / "copy", {}).project.stacks
    assert sorted(path.name for path in copied.iterdir()) == [
        "Pulumi.aws-dev.yaml",
        "Pulumi.yaml",
        "images.lock.json",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "AZURE_CLIENT_SECRET",
        "KUBECONFIG",
        "HF_TOKEN",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_CONFIG_PASSPHRASE",
        "PULUMI_BACKEND_URL",
        "SOMETHING_THAT_NOBODY_HAS_HEARD_OF",
    ],
)
def test_no_variable_that_could_open_an_account_comes_along(project: Project, tmp_path: Path, name: str) -> None:
    environment = isolate(project, "aws-dev", tmp_path / "copy", {name: "given", "PATH": "/bin"}).environment
    assert name not in environment
    assert environment["PATH"] == "/bin"


def test_its_home_is_its_own(project: Project, tmp_path: Path) -> None:
    environment = isolate(project, "aws-dev", tmp_path / "copy", {"HOME": "/home/somebody"}).environment
    for name in ("HOME", "PULUMI_HOME", "XDG_CACHE_HOME"):
        assert Path(environment[name]).is_relative_to(tmp_path / "copy")
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"

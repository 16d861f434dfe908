from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from llmctl.infra.deployment.environment import passphrase_file, pulumi_environment, reconcile_salt, remember_salt
from llmctl.infra.project import Project
from llmctl.infra.settings import StackSettings

CONFIG = "# kept\nconfig:\n  llmctl:target: local # kept too\n"
SECRET = "  llmctl:apiKey:\n    secure: v1:x\n"
OURS, THEIRS = "encryptionsalt: v1:ours=:v1:a:b\n", "encryptionsalt: v1:theirs=:v1:c:d\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "stacks").mkdir()
    return Project(tmp_path)


def environment(project: Project, environ: dict[str, str], **settings: str) -> dict[str, str]:
    made = StackSettings.model_validate({"target": "local", "model": "a/b", **settings})
    return pulumi_environment(
        project, "local", made, cli=Path("/opt/pulumi/bin/pulumi"), cache=Path("/cache"), environ=environ
    )


def test_a_stack_without_a_backend_is_private_to_the_project(project: Project) -> None:
    assert environment(project, {"PATH": "/usr/bin"}) == {
        "PATH": "/opt/pulumi/bin:/usr/bin",
        "PULUMI_BACKEND_URL": f"file://{project.root}/.llmctl/state",
        "PULUMI_CONFIG_PASSPHRASE_FILE": f"{project.root}/.llmctl/passphrase",
        "PULUMI_HOME": "/cache/pulumi-home",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_STACK": "local",
    }


def test_a_backend_of_the_users_own_keeps_their_login_and_secrets_provider(project: Project) -> None:
    made = environment(project, {"PATH": "/usr/bin"}, backend="s3://state")
    assert made["PULUMI_BACKEND_URL"] == "s3://state"
    assert {"PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE_FILE"}.isdisjoint(made)


def test_a_pulumi_home_of_the_users_own_is_used(project: Project) -> None:
    assert environment(project, {"PULUMI_HOME": "/mine"})["PULUMI_HOME"] == "/mine"


def test_behind_a_proxy_this_machine_is_asked_directly(project: Project) -> None:
    made = environment(project, {"http_proxy": "http://proxy:3128", "NO_PROXY": "intranet"})
    assert made["no_proxy"] == made["NO_PROXY"] == "intranet,127.0.0.1,localhost,::1"


def test_the_passphrase_is_for_the_user_alone_and_stays_the_same(project: Project) -> None:
    first = passphrase_file(project).read_text()
    assert len(first) >= 40
    assert passphrase_file(project).read_text() == first
    assert stat.S_IMODE(passphrase_file(project).stat().st_mode) == 0o600


def test_many_at_once_end_with_one_passphrase(project: Project) -> None:
    with ThreadPoolExecutor(16) as pool:
        seen = set(pool.map(lambda _: passphrase_file(project).read_text(), range(64)))
    assert len(seen) == 1
    assert [path.name for path in project.home.iterdir()] == ["passphrase"]


@pytest.mark.parametrize(
    ("ours", "in_file", "afterwards"),
    [
        (None, CONFIG, CONFIG),
        (None, CONFIG + THEIRS, CONFIG),
        (OURS, CONFIG + OURS, CONFIG + OURS),
        (OURS, CONFIG + THEIRS, CONFIG + OURS),
        (OURS, THEIRS + CONFIG, OURS + CONFIG),
        (
            None,
            CONFIG + "  llmctl:apiKey:\n    secure: v1:x\n" + THEIRS,
            CONFIG + "  llmctl:apiKey:\n    secure: v1:x\n" + THEIRS,
        ),
    ],
    ids=["none", "a colleague's", "ours", "a colleague's over ours", "at the top", "something is encrypted with it"],
)
def test_a_salt_that_fits_another_passphrase_gives_way_where_it_carries_nothing(
    project: Project, ours: str | None, in_file: str, afterwards: str
) -> None:
    file = project.stack_file("local")
    if ours:
        file.write_text(CONFIG + ours)
        remember_salt(project, "local")
    file.write_text(in_file)
    reconcile_salt(project, "local")
    assert file.read_text() == afterwards

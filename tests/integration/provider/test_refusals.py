"""What is refused before anything is started: each one already by a preview."""

from __future__ import annotations

import socket

import pytest
from drivers.pulumi_project import PulumiProject
from pulumi.automation.errors import CommandError


def refusal(project: PulumiProject) -> str:
    with pytest.raises(CommandError) as caught:
        project.preview()
    assert not project.directory.exists(), "something was started"
    return str(caught.value)


def test_a_taken_port_is_refused_with_the_name_of_who_has_it(project: PulumiProject) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        project.declares(port=port)
        assert f"127.0.0.1:{port} is taken by " in (said := refusal(project))
        assert "(pid " in said


def test_a_missing_model_file_is_refused(project: PulumiProject) -> None:
    project.declares(model="absent.gguf")
    assert f"There is no file {project.models / 'absent.gguf'}" in refusal(project)


def test_a_corrupt_model_file_is_refused(project: PulumiProject) -> None:
    project.has_model("corrupt.gguf").write_text("PK")
    project.declares(model="corrupt.gguf")
    assert "corrupt.gguf is no GGUF file" in refusal(project)


def test_too_little_memory_is_refused_with_both_figures(project: PulumiProject) -> None:
    project.world.has_memory(2**30)
    project.declares(max_batch_size=2, max_total_tokens=2**30)
    assert "needs 2.0 GiB of memory, 1.0 GiB can be had" in refusal(project)


def test_memory_that_only_shows_after_the_download_is_refused_before_the_start(project: PulumiProject) -> None:
    project.world.publishes("hub/large", "d" * 40)
    project.world.has_memory(2**30)
    project.declares(model="hub/large", max_total_tokens=2**30)
    with pytest.raises(CommandError, match=r"hub/large needs 2\.0 GiB of memory"):
        project.up()
    assert not project.directory.exists()


def test_a_setting_out_of_range_is_refused_with_what_is_allowed(project: PulumiProject) -> None:
    project.declares(port=70000)
    assert "must be a whole number, 1 to 65535, not 70000" in refusal(project)


def test_our_own_server_stands_neither_in_its_own_port_nor_in_its_own_memory(project: PulumiProject) -> None:
    project.up()
    project.world.has_memory(0)
    project.declares(max_total_tokens=512)
    assert project.preview() == {"same": 1, "update": 1}


def test_a_bad_key_is_refused_without_being_shown(project: PulumiProject) -> None:
    project.declares(api_key="not one " + "word")
    said = refusal(project)
    assert "must be printable ASCII without spaces" in said
    assert "not one word" not in said
    assert not any("not one word" in str(event) for event in project.events)

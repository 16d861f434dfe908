"""What a stack in a cluster cannot be is refused with the line it stands in."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmctl.infra.errors import SettingsError
from llmctl.infra.project import Project
from llmctl.infra.stack_file import read_stack_file
from llmctl.infra.targets import deployable

CLUSTER = ("  llmctl:cluster:", "    context: lab", "    serverImage: registry.example/llmctl:1")
MODEL = ("  llmctl:models:", "    a/b:", "      accelerator: cpu")


def deploy(directory: Path, *lines: str) -> None:
    project = Project(directory)
    project.stacks.mkdir()
    text = "\n".join(["config:", "  llmctl:target: kubernetes", *lines])
    project.stack_file("dev").write_text(text, encoding="utf-8")
    deployable(read_stack_file(project, "dev"))


REFUSED = {
    "no cluster": (MODEL, "llmctl:cluster: is missing; allowed: a map with at least context and serverImage"),
    "a port": ((*CLUSTER, *MODEL, "  llmctl:port: 9090"), "llmctl:port: the kubernetes target cannot do this"),
    "a hostname": ((*CLUSTER, *MODEL, "  llmctl:hostname: 0.0.0.0"), "llmctl:hostname: the kubernetes target cannot"),
    "an image that is none": (
        (CLUSTER[0], CLUSTER[1], "    serverImage: 'not an image'", *MODEL),
        "llmctl:cluster.serverImage: ",
    ),
    "an engine without an image for processors": (
        (*CLUSTER, *MODEL, "      engine: vllm"),
        "llmctl:models.a/b.engine: vllm has no image for processors here; allowed with accelerator cpu: tgi, llamacpp",
    ),
    "a source without an address": (
        (*CLUSTER, *MODEL, "      weights: {source: pvc}"),
        "llmctl:models.a/b.weights.url: is missing; source pvc needs it",
    ),
    "a network that is none": (
        (*CLUSTER, *MODEL, "      weights: {networks: [192.0.2.0/33]}"),
        "llmctl:models.a/b.weights.networks: '192.0.2.0/33' is no CIDR",
    ),
}


@pytest.mark.parametrize(("lines", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_had_is_told_by_its_setting(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        deploy(tmp_path, *lines)
    assert said in str(raised.value)


def test_a_plain_stack_is_taken(tmp_path: Path) -> None:
    deploy(tmp_path, *CLUSTER, *MODEL)

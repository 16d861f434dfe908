"""From the settings of a stack, and what its cluster is like, to the StackSpec: what was left open is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from drivers.stacks import from_hub

from llmctl.infra.kubernetes.cluster_facts import ClusterFacts
from llmctl.infra.kubernetes.served_model import ENGINE_IMAGE_BYTES, OWN_IMAGE_BYTES, SHOWN_SHARE
from llmctl.infra.kubernetes.stack_spec import Decided, Outside, stack_spec
from llmctl.infra.kubernetes.weights import Listers
from llmctl.infra.project import Project
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.hardware.accelerators import accelerator
from llmctl.serving.images.lock_file import LockFile
from llmctl.serving.manifests.spec import Features, NetworkSpec, ServedModel
from llmctl.serving.manifests.startup import startup_budget
from llmctl.serving.manifests.surge import CPU, MEMORY, NodeRoom
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.server.container import SLOTS
from llmctl.serving.spec import EngineName
from llmctl.serving.weights.spec import Weights

SMALL, LARGE = "HuggingFaceTB/SmolLM2-135M-Instruct", "meta-llama/Llama-3.1-8B-Instruct"
INSIDE = {"source": "image", "url": "/models/model"}
ON_CPU = {"id": SMALL, "accelerator": "cpu", "weights": {"source": "image", "url": "/models/model.gguf"}}
ON_GPU = {"id": LARGE, "accelerator": "l4:1", "weights": INSIDE}
ON_FOUR = {**ON_GPU, "accelerator": "l4:4"}
DIGEST = f"sha256:{'a' * 64}"
UNLOCKED = LockFile()


def decided(
    models: dict[str, Any],
    *,
    nodes: tuple[NodeRoom, ...] = (),
    listed: Mapping[str, Weights] | None = None,
    **settings: Any,
) -> Decided:
    """`listed`: files that an earlier `up` found, by the model's label; nothing else can be asked."""
    cluster = {"context": "lab", "serverImage": "registry.example/llmctl:1", **settings.pop("cluster", {})}
    given = {"target": "kubernetes", "cluster": cluster, "models": models, **settings}
    outside = Outside(
        facts=lambda model, _: catalogue().get(model.id, catalogue()[SMALL]),
        list_files=Listers(hub=None, environ={}, hub_token=False),
        locked=UNLOCKED,
    )
    context = StackContext(project=Project(Path("unused")), stack="dev", secrets=frozenset())
    cluster_facts = ClusterFacts(uid="one", features=Features(keda=True), nodes=nodes, weights=listed or {})
    return stack_spec(StackSettings.model_validate(given), context, cluster_facts, outside)


def the_model(**settings: Any) -> ServedModel:
    [model] = decided({"chat": settings}).spec.models
    return model


def node(name: str = "node1", **free: int) -> NodeRoom:
    return NodeRoom(name=name, free={CPU: 64_000, MEMORY: 512 << 30, **free})


def gpus(count: int) -> NodeRoom:
    return node(**{"nvidia.com/gpu": count})


def test_a_model_on_a_processor_is_served_by_llmctls_own_image_and_checks_no_gpu() -> None:
    model = the_model(**ON_CPU)
    assert model.container.image.reference == "registry.example/llmctl:1"
    assert (model.gpu_check, model.slots, model.container.resources.gpus) == (None, SLOTS, 0)


def test_a_model_on_gpus_is_served_by_its_engine_after_they_have_proved_their_memory() -> None:
    model = the_model(**ON_GPU)
    assert model.container.image.repository in {i.repository for i in ENGINES[EngineName.TGI].images.values()}
    assert model.gpu_check is not None
    assert model.gpu_check.gpus == 1
    assert model.gpu_check.memory == int(SHOWN_SHARE * accelerator("l4").usable_memory)


@pytest.mark.parametrize(
    ("settings", "image", "checked"),
    [
        (ON_CPU, OWN_IMAGE_BYTES, 0),
        (ON_GPU, ENGINE_IMAGE_BYTES, 1),
        ({**ON_GPU, "accelerator": "l4:4"}, ENGINE_IMAGE_BYTES, 4),
    ],
    ids=["cpu", "one GPU", "four GPUs"],
)
def test_a_start_may_take_what_its_image_and_its_gpus_need(settings: dict[str, Any], image: int, checked: int) -> None:
    assert the_model(**settings).startup_seconds == startup_budget(image=image, weights=0, checked_gpus=checked).seconds


def test_a_written_budget_and_written_slots_are_taken_as_they_are() -> None:
    model = the_model(**ON_GPU, startupSeconds=77, maxBatchSize=3)
    assert (model.startup_seconds, model.slots) == (77, 3)


def test_on_a_gpu_a_replica_works_on_no_more_than_it_accepts() -> None:
    few, many = the_model(**ON_GPU, maxConcurrentRequests=2), the_model(**ON_GPU)
    assert few.slots == 2 < many.slots


@pytest.mark.parametrize(("free", "surges"), [(1, False), (2, False), (3, True)])
def test_an_update_has_a_replica_more_only_where_a_gpu_is_free_beside_all_replicas(free: int, surges: bool) -> None:
    made = decided({"chat": {**ON_GPU, "replicas": 2}}, nodes=(gpus(free),))
    assert [model.surge for model in made.spec.models] == [surges]


def test_models_share_what_is_free() -> None:
    alone = decided({"one": ON_GPU}, nodes=(gpus(2),)).spec.models
    together = decided({"one": ON_GPU, "two": ON_GPU}, nodes=(gpus(2),)).spec.models
    assert [model.surge for model in (*alone, *together)] == [True, False, False]


def test_gpus_that_are_not_there_are_told_before_anything_is_made() -> None:
    assert any("nvidia.com/gpu" in note for note in decided({"chat": ON_GPU}, nodes=(node(),)).notes)
    assert not any("nvidia.com/gpu" in note for note in decided({"chat": ON_GPU}, nodes=(gpus(2),)).notes)


def test_a_choice_is_told_where_the_stack_file_left_it_open() -> None:
    made = decided({"chat": {**ON_GPU, "accelerator": "auto"}, "small": ON_CPU})
    assert [choice.split()[0] for choice in made.choices] == ["chat"]


def test_the_gateway_finds_each_model_under_the_name_that_clients_use() -> None:
    spec = decided(
        {"a/Chat.1": ON_CPU, "small": {**ON_CPU, "maxConcurrentRequests": 9}}, cluster={"domain": "c.test"}
    ).spec
    assert [(m.name, m.served_names, m.ready_host) for m in spec.gateway.models] == [
        ("chat-1", ("a/Chat.1",), "chat-1.llmctl-dev.svc.c.test"),
        ("small", ("small",), "small.llmctl-dev.svc.c.test"),
    ]
    assert spec.gateway.models[1].accepts == 9


def test_the_most_replicas_are_never_fewer_than_the_least() -> None:
    assert the_model(**ON_CPU, replicas=2).replicas.most == 2
    assert the_model(**ON_CPU, replicas=2, maxReplicas=5).replicas.most == 5


def test_an_image_with_a_digest_keeps_it() -> None:
    image = f"registry.example/llmctl@{DIGEST}"
    assert decided({"chat": ON_CPU}, cluster={"serverImage": image}).spec.server_image.digest == DIGEST
    assert decided({"chat": ON_CPU}).spec.server_image.digest is None


def test_what_the_cluster_has_and_where_the_stack_lies_is_in_the_spec() -> None:
    spec = decided({"chat": ON_CPU}, cluster={"namespace": "mine", "imagePullSecret": "pull"}).spec
    assert (spec.stack, spec.namespace, spec.image_pull_secret) == ("dev", "mine", "pull")
    assert spec.features == Features(keda=True)


OPEN: dict[str, tuple[list[list[str]], tuple[str, ...]]] = {
    "every model says where": ([["192.0.2.0/24"], ["192.0.2.0/24", "::/0"]], ("192.0.2.0/24", "::/0")),
    "one leaves it open": ([["192.0.2.0/24"], []], NetworkSpec.weights),
}


@pytest.mark.parametrize(("networks", "allowed"), OPEN.values(), ids=OPEN)
def test_the_relay_goes_where_the_models_say_and_anywhere_if_one_does_not(
    networks: list[list[str]], allowed: tuple[str, ...]
) -> None:
    relayed = {"id": "owner/name", "accelerator": "cpu"}
    models = {f"m{i}": {**relayed, "weights": {"networks": each}} for i, each in enumerate(networks)}
    spec = decided(models, listed=dict.fromkeys(models, from_hub())).spec
    assert spec.network.weights == allowed


def test_files_that_were_listed_once_are_not_asked_for_again() -> None:
    """There is no Hub here to ask."""
    models = {"chat": {"id": "owner/name", "accelerator": "cpu"}}
    [model] = decided(models, listed={"chat": from_hub()}).spec.models
    assert model.weights == from_hub()

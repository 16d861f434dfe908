"""All objects of a stack: their order, whose they are, and how they find each other."""

from __future__ import annotations

from drivers.stacks import small_model, stack

from llmctl.serving.manifests.spec import Manifest
from llmctl.serving.manifests.stack import objects, waves

CLUSTER_SCOPED = {"Namespace", "PriorityClass"}


def test_the_namespace_comes_first_and_servers_after_the_names_that_they_are_found_by() -> None:
    kinds = [{manifest["kind"] for manifest in wave} for wave in waves(stack(small_model()))]
    first = {kind: next(i for i, wave in enumerate(kinds) if kind in wave) for wave in kinds for kind in wave}
    assert first["Namespace"] == 0
    assert first["ServiceAccount"] < first["Deployment"]
    assert first["Service"] < first["Deployment"]


def test_everything_lies_in_the_namespace_of_the_stack_and_says_whose_it_is() -> None:
    spec = stack(small_model(), small_model("other"))
    for manifest in objects(spec):
        metadata = manifest["metadata"]
        assert metadata.get("namespace") == (None if manifest["kind"] in CLUSTER_SCOPED else "llmctl-dev"), manifest
        assert metadata["labels"]["app.kubernetes.io/instance"] == "dev", manifest


def test_no_two_objects_are_of_the_same_kind_and_name() -> None:
    names = [(made["kind"], made["metadata"]["name"]) for made in objects(stack(small_model(), small_model("other")))]
    assert len(names) == len(set(names))


def test_every_service_selects_exactly_the_pods_that_it_is_for() -> None:
    made = objects(stack(small_model(), small_model("other")))
    pods = {deployment["metadata"]["name"]: _pod_labels(deployment) for deployment in _of(made, "Deployment")}
    for service in _of(made, "Service"):
        chosen = [name for name, labels in pods.items() if service["spec"]["selector"].items() <= labels.items()]
        assert chosen == [service["metadata"]["name"].removesuffix("-known")]


def _of(made: tuple[Manifest, ...], kind: str) -> list[Manifest]:
    return [manifest for manifest in made if manifest["kind"] == kind]


def _pod_labels(deployment: Manifest) -> dict[str, str]:
    labels: dict[str, str] = deployment["spec"]["template"]["metadata"]["labels"]
    return labels

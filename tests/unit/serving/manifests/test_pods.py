"""What every pod of every stack keeps, whoever wrote its container: the rules that a policy check will ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from drivers.stacks import EVERYTHING, from_claim, from_hub, golden, on_gpus, small_model, stack, watched, with_tls

from llmctl.serving.manifests.spec import Manifest, StackSpec
from llmctl.serving.manifests.stack import objects
from llmctl.serving.spec import EngineName

ROOT = {EngineName.TGI, EngineName.SGLANG}
"""Engines whose images run as root on CUDA (serving/engines/*/container.py)."""

STACKS = {
    **golden(),
    "from a claim": stack(small_model(weights=from_claim("models", "llama/8b"))),
    "with TLS": with_tls(stack(small_model(weights=from_hub()))),
    **{
        f"{engine} on {gpus} GPUs": watched(stack(on_gpus("m", engine, gpus=gpus)), EVERYTHING)
        for engine in EngineName
        for gpus in (1, 4)
    },
}

PODS = [
    pytest.param(made["spec"]["template"]["spec"], id=f"{name}: {made['metadata']['name']}")
    for name, spec in STACKS.items()
    for made in objects(spec)
    if made["kind"] == "Deployment"
]


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


RULES: dict[str, Callable[[Manifest], bool]] = {
    "it uses nothing of its node": lambda pod: (
        not {"hostPID", "hostIPC", "hostNetwork"} & pod.keys()
        and not any("hostPath" in volume for volume in pod["volumes"])
        and not any("hostPort" in port for each in pod["containers"] for port in each.get("ports", ()))
    ),
    "it is not privileged, and cannot become so": lambda pod: all(
        (security := each["securityContext"])["privileged"] is False
        and security["allowPrivilegeEscalation"] is False
        and security["capabilities"] == {"drop": ["ALL"]}
        for each in containers(pod)
    ),
    "the runtime's system call filter is on": lambda pod: all(
        each["seccompProfile"] == {"type": "RuntimeDefault"}
        for each in (pod["securityContext"], *(one["securityContext"] for one in containers(pod)))
    ),
    "its root file system is read-only": lambda pod: all(
        each["securityContext"]["readOnlyRootFilesystem"] for each in containers(pod)
    ),
    "memory is limited to what was asked for, cores are limited": lambda pod: all(
        (needs := each["resources"])["limits"]["memory"] == needs["requests"]["memory"] and "cpu" in needs["limits"]
        for each in containers(pod)
    ),
    "what it writes to disk is bounded": lambda pod: all(
        "ephemeral-storage" in each["resources"]["limits"] for each in containers(pod)
    ),
    "it has an account of its own and no token": lambda pod: (
        pod["automountServiceAccountToken"] is False and pod["serviceAccountName"] != "default"
    ),
    "no other Service is put into its environment": lambda pod: pod["enableServiceLinks"] is False,
    "all three probes ask it": lambda pod: all(
        {"startupProbe", "readinessProbe", "livenessProbe"} <= each.keys() for each in pod["containers"]
    ),
    "new requests have time to stay away before it is told to stop": lambda pod: all(
        0 < each["lifecycle"]["preStop"]["sleep"]["seconds"] < pod["terminationGracePeriodSeconds"]
        for each in pod["containers"]
    ),
    "what is in memory counts with a size": lambda pod: all(
        "sizeLimit" in volume["emptyDir"]
        for volume in pod["volumes"]
        if volume.get("emptyDir", {}).get("medium") == "Memory"
    ),
    "every mounted volume is there, and every volume is mounted": lambda pod: (
        {mount["name"] for each in containers(pod) for mount in each["volumeMounts"]}
        == {volume["name"] for volume in pod["volumes"]}
    ),
    "no two volumes of a container are at one place": lambda pod: all(
        len(paths) == len(set(paths))
        for paths in ([mount["mountPath"] for mount in each["volumeMounts"]] for each in containers(pod))
    ),
    "GPUs are asked for whole, and tolerated where they are asked for": lambda pod: all(
        any(toleration.get("key") == resource for toleration in pod.get("tolerations", ()))
        and each["resources"]["requests"][resource] == amount
        for each in containers(pod)
        for resource, amount in each["resources"]["limits"].items()
        if "/" in resource
    ),
    "no GPU comes in by the back door": lambda pod: (
        not any(variable["name"].startswith("NVIDIA_") for each in containers(pod) for variable in each.get("env", ()))
    ),
    "it spreads over zones and nodes": lambda pod: (
        [one["topologyKey"] for one in pod["topologySpreadConstraints"]]
        == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    ),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
@pytest.mark.parametrize("pod", PODS)
def test_every_pod_keeps_every_rule(pod: Manifest, rule: Callable[[Manifest], bool]) -> None:
    assert rule(pod)


@pytest.mark.parametrize("engine", EngineName)
def test_only_engines_whose_image_needs_it_run_as_root_and_then_the_namespace_says_so(engine: EngineName) -> None:
    made = objects(stack(on_gpus("m", engine)))
    users = {each["securityContext"].get("runAsUser") for pod in _pods(made) for each in containers(pod)}
    level = made[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert (0 in users, level) == ((True, "baseline") if engine in ROOT else (False, "restricted"))
    assert made[0]["metadata"]["labels"]["pod-security.kubernetes.io/warn"] == "restricted"


@pytest.mark.parametrize("spec", STACKS.values(), ids=STACKS.keys())
def test_only_the_relay_is_given_credentials(spec: StackSpec) -> None:
    for made in objects(spec):
        if made["kind"] == "Deployment":
            given = [each for each in containers(made["spec"]["template"]["spec"]) if "envFrom" in each]
            assert not given or made["metadata"]["name"] == "weights"


@pytest.mark.parametrize("spec", STACKS.values(), ids=STACKS.keys())
def test_no_secret_has_a_value(spec: StackSpec) -> None:
    assert all(not {"data", "stringData"} & made.keys() for made in objects(spec) if made["kind"] == "Secret")


def test_servers_load_from_their_disk_and_ask_no_hub() -> None:
    for engine in (EngineName.TGI, EngineName.VLLM):
        [server] = [
            pod["containers"][0] for pod in _pods(objects(stack(on_gpus("m", engine)))) if pod.get("initContainers")
        ]
        assert {"name": "HF_HUB_OFFLINE", "value": "1"} in server["env"]
        assert {"name": "weights", "mountPath": "/weights", "readOnly": True} in server["volumeMounts"]


@pytest.mark.parametrize("spec", STACKS.values(), ids=STACKS.keys())
def test_nothing_is_written_that_the_api_server_would_leave_out_again(spec: StackSpec) -> None:
    """An empty list, or a 0 where 0 is what nothing means: the next plan would find a difference in it."""

    def walk(value: Any, path: str) -> Iterator[str]:
        if value == [] or (value == 0 and path.endswith("Seconds")):
            yield path
        for key, inner in (
            value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
        ):
            yield from walk(inner, f"{path}.{key}")

    assert [line for made in objects(spec) for line in walk(made, made["kind"])] == []


def _pods(made: tuple[Manifest, ...]) -> Iterator[dict[str, Any]]:
    return (one["spec"]["template"]["spec"] for one in made if one["kind"] == "Deployment")

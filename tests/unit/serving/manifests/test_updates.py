"""How replicas and gateways are replaced, drained and found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drivers.stacks import from_hub, on_gpus, small_model, stack, with_tls

from llmctl.serving.engines.container import API_KEY
from llmctl.serving.manifests.notes import notes
from llmctl.serving.manifests.quota import most_devices, resource_quota
from llmctl.serving.manifests.spec import Manifest, StackSpec
from llmctl.serving.manifests.stack import objects
from llmctl.serving.spec import EngineName


def one(spec: StackSpec, kind: str, name: str) -> Manifest:
    [found] = [made for made in objects(spec) if (made["kind"], made["metadata"]["name"]) == (kind, name)]
    return found


def strategy(**how: Any) -> Manifest:
    made: Manifest = one(stack(small_model(**how)), "Deployment", "smollm")["spec"]["strategy"]
    return made


def test_with_room_the_new_one_is_there_first() -> None:
    assert strategy(surge=True)["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize("replicas", [1, 2])
def test_without_room_the_old_ones_go_first_and_one_by_one(replicas: int) -> None:
    made = strategy(surge=False, least=replicas, most=replicas)
    assert made["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_the_downtime_of_an_update_is_said_before_it_happens() -> None:
    said = [note for note in notes(stack(on_gpus("code", EngineName.VLLM))) if "update" in note]
    assert [note.partition(":")[0] for note in said] == ["an update of code takes it away for up to 1040 s"]
    assert not [note for note in notes(stack(on_gpus("code", EngineName.VLLM, surge=True))) if "update" in note]


def test_an_update_is_given_the_time_that_a_start_may_take() -> None:
    model = on_gpus("code", EngineName.VLLM)
    spec = one(stack(model), "Deployment", "code")["spec"]
    assert (
        spec["progressDeadlineSeconds"]
        > model.startup_seconds + spec["template"]["spec"]["terminationGracePeriodSeconds"]
    )


def test_only_what_has_several_pods_has_a_disruption_budget() -> None:
    spec = stack(small_model(), small_model("many", least=2, most=2), gateways=1)
    assert [made["metadata"]["name"] for made in objects(spec) if made["kind"] == "PodDisruptionBudget"] == ["many"]
    assert one(stack(small_model()), "PodDisruptionBudget", "gateway")["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize(
    ("surge", "most", "devices"),
    [(False, 1, 8), (True, 1, 8), (False, 2, 16), (True, 3, 24)],
)
def test_the_quota_has_room_for_old_and_new_replicas_of_an_update(surge: bool, most: int, devices: int) -> None:
    model = on_gpus("code", EngineName.VLLM, gpus=4, most=most, surge=surge)
    assert most_devices(model) == devices
    assert resource_quota(stack(model))["spec"]["hard"]["requests.nvidia.com/gpu"] == str(devices)


def test_gateways_change_with_their_configuration() -> None:
    before = stack(small_model())
    after = replace(before, gateway_files={**before.gateway_files, "haproxy.cfg": "global\n"})
    templates = [one(spec, "Deployment", "gateway")["spec"]["template"] for spec in (before, after)]
    assert templates[0] != templates[1]


def test_other_files_of_one_model_are_other_pods_of_it_and_of_the_relay_and_of_no_other() -> None:
    names = ("one", "two", "weights", "gateway")
    before, after = (
        {name: one(spec, "Deployment", name)["spec"]["template"] for name in names}
        for spec in (
            stack(small_model("one", weights=from_hub()), small_model("two", weights=from_hub())),
            stack(small_model("one", weights=from_hub("other.gguf")), small_model("two", weights=from_hub())),
        )
    )
    assert [name for name in names if before[name] != after[name]] == ["one", "weights"]


def test_without_a_certificate_the_gateway_is_on_80_and_with_one_on_443() -> None:
    plain, encrypted = stack(small_model()), with_tls(stack(small_model()))
    assert [port["port"] for port in one(plain, "Service", "gateway")["spec"]["ports"]] == [80]
    assert [port["port"] for port in one(encrypted, "Service", "gateway")["spec"]["ports"]] == [443]
    [server] = one(encrypted, "Deployment", "gateway")["spec"]["template"]["spec"]["containers"]
    assert {"name": "certificate", "mountPath": "/etc/gateway/tls", "readOnly": True} in server["volumeMounts"]


def test_replicas_that_are_not_ready_are_found_under_the_second_name_only() -> None:
    spec = stack(small_model())
    assert "publishNotReadyAddresses" not in one(spec, "Service", "smollm")["spec"]
    assert one(spec, "Service", "smollm-known")["spec"]["publishNotReadyAddresses"] is True


def test_a_gpu_proves_itself_before_any_weights_are_fetched_for_it() -> None:
    spec = stack(on_gpus("code", EngineName.VLLM, gpus=4))
    pod = one(spec, "Deployment", "code")["spec"]["template"]["spec"]
    check, fetch = pod["initContainers"]
    assert (check["name"], fetch["name"]) == ("gpu-check", "weights")
    assert check["resources"]["limits"]["nvidia.com/gpu"] == "4"
    assert "nvidia.com/gpu" not in fetch["resources"]["limits"]
    script = check["command"][1].rpartition("/")[2]
    assert script in one(spec, "ConfigMap", "gpu-check")["data"]


def test_a_check_is_given_no_secret() -> None:
    model = on_gpus("code", EngineName.VLLM)
    secret = replace(model, container=replace(model.container, env={**model.container.env, "KEY": API_KEY}))
    check = one(stack(secret), "Deployment", "code")["spec"]["template"]["spec"]["initContainers"][0]
    assert [variable["name"] for variable in check["env"]] == ["HOME"]


def test_what_is_in_the_image_needs_no_relay() -> None:
    kinds = [(made["kind"], made["metadata"]["name"]) for made in objects(stack(small_model()))]
    assert not [name for _, name in kinds if name == "weights"]

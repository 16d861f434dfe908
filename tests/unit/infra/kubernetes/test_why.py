"""What `why` says of each stage that a replica can be stuck at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from doubles.cluster_objects import ClusterDouble, ended, node, running, waiting

from llmctl.infra.kubernetes.diagnosis.causes import first_cause
from llmctl.infra.kubernetes.diagnosis.words import Logs
from llmctl.infra.kubernetes.snapshot import Snapshot

POD = "chat-7d9f-1"
IMAGE = "ghcr.io/huggingface/text-generation-inference:3.3.7"
BACK_OFF = f'Back-off pulling image "{IMAGE}"'
REFERENCE = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}"'


@dataclass
class Case:
    trouble: Callable[[ClusterDouble], Logs | None]
    sentence: str
    fix: str


def pod_of_chat(cluster: ClusterDouble) -> dict[str, object]:
    cluster.nodes = [node("a", gpus=1)]
    return cluster.pod(gpus=1, on="a")


def refused(message: str) -> Callable[[ClusterDouble], None]:
    def trouble(cluster: ClusterDouble) -> None:
        cluster.deployment("chat")
        cluster.replica_sets[-1]["status"] = {
            "replicas": 0,
            "conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}],
        }

    return trouble


def not_pulled(message: str) -> Callable[[ClusterDouble], None]:
    def trouble(cluster: ClusterDouble) -> None:
        pod = pod_of_chat(cluster)
        cluster.has_container(pod, waiting("ImagePullBackOff", BACK_OFF), image=IMAGE)
        cluster.event(pod, "Pod", "Failed", f'Failed to pull image "{IMAGE}": {message}', age=40)
        cluster.event(pod, "Pod", "Failed", "Error: ImagePullBackOff", age=5)

    return trouble


def no_pull_secret(cluster: ClusterDouble) -> None:
    not_pulled(f"{REFERENCE}: unexpected status: 401 Unauthorized")(cluster)
    said = "Unable to retrieve some image pull secrets (registry); attempting to pull the image may not succeed."
    cluster.event(cluster.pods[-1], "Pod", "FailedToRetrieveImagePullSecret", said)


def weights_ended(*lines: str) -> Callable[[ClusterDouble], Logs]:
    def trouble(cluster: ClusterDouble) -> Logs:
        pod = pod_of_chat(cluster)
        cluster.has_container(pod, waiting("CrashLoopBackOff"), name="weights", init=True, restarts=2, last=ended(1))
        return {(POD, "weights"): lines}

    return trouble


def gpu_check_failed(cluster: ClusterDouble) -> Logs:
    pod = pod_of_chat(cluster)
    cluster.has_container(pod, ended(0, "Completed"), name="weights", init=True, ready=True)
    cluster.has_container(pod, ended(1), name="gpu-check", init=True)
    return {(POD, "gpu-check"): ["GPU check failed: GPU 0 shows 40 GiB of 79."]}


def engine_ended(*lines: str, code: int = 1, reason: str = "Error") -> Callable[[ClusterDouble], Logs]:
    def trouble(cluster: ClusterDouble) -> Logs:
        pod = pod_of_chat(cluster)
        cluster.has_container(pod, waiting("CrashLoopBackOff"), restarts=3, last=ended(code, reason))
        return {(POD, "server"): lines}

    return trouble


def never_answered(cluster: ClusterDouble) -> None:
    pod = pod_of_chat(cluster)
    pod["spec"]["containers"][0]["startupProbe"] = {"periodSeconds": 10, "failureThreshold": 60}
    cluster.has_container(pod, running(), restarts=1, last=ended(137))
    cluster.event(pod, "Pod", "Killing", "Container server failed startup probe, will be restarted")


def never_ready(cluster: ClusterDouble) -> None:
    pod = pod_of_chat(cluster)
    cluster.has_container(pod, running(), started=True)
    cluster.event(pod, "Pod", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")


def still_loading(cluster: ClusterDouble) -> None:
    pod = pod_of_chat(cluster)
    pod["spec"]["containers"][0]["startupProbe"] = {"periodSeconds": 10, "failureThreshold": 60}
    cluster.has_container(pod, running())


def claim_without_a_volume(cluster: ClusterDouble) -> None:
    pod = cluster.pod()
    pod["spec"]["volumes"] = [{"name": "weights", "persistentVolumeClaim": {"claimName": "models"}}]
    claim = {
        "metadata": {"name": "models", "uid": "uid-models"},
        "spec": {"storageClassName": "fast"},
        "status": {"phase": "Pending"},
    }
    cluster.claims = [claim]
    cluster.event(claim, "PersistentVolumeClaim", "ProvisioningFailed", 'storageclass "fast" not found')


def no_claim(cluster: ClusterDouble) -> None:
    cluster.pod()["spec"]["volumes"] = [{"name": "weights", "persistentVolumeClaim": {"claimName": "models"}}]


def gateway_without_keys(cluster: ClusterDouble) -> None:
    cluster.pods.clear()
    pod = cluster.pod("gateway", on="a")
    cluster.has_container(pod, waiting("ContainerCreating"), name="haproxy")
    said = 'MountVolume.SetUp failed for volume "keys" : secret "gateway-keys" not found'
    cluster.event(pod, "Pod", "FailedMount", said)


def gateway_refuses_its_configuration(cluster: ClusterDouble) -> Logs:
    cluster.pods.clear()
    pod = cluster.pod("gateway", on="a")
    cluster.has_container(pod, waiting("CrashLoopBackOff"), name="haproxy", restarts=4, last=ended(1))
    return {("gateway-7d9f-1", "haproxy"): ["[ALERT] config : parsing [/etc/gateway/haproxy.cfg:12] : unknown keyword"]}


def no_gateway(cluster: ClusterDouble) -> None:
    cluster.deployments.clear()
    cluster.pods.clear()


def dead_node(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a", ready="Unknown", reason="NodeStatusUnknown")]
    cluster.has_container(cluster.pod(on="a"), running())


def evicted(cluster: ClusterDouble) -> None:
    pod = pod_of_chat(cluster)
    said = "The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, available: 200Mi."
    pod["status"] |= {"phase": "Failed", "reason": "Evicted", "message": said}


def nothing_is_wanted(cluster: ClusterDouble) -> None:
    cluster.deployment("chat", replicas=0)


def secret_of_a_variable_is_gone(cluster: ClusterDouble) -> None:
    pod = pod_of_chat(cluster)
    cluster.has_container(pod, waiting("CreateContainerConfigError", 'secret "hub-token" not found'))


def all_is_well(cluster: ClusterDouble) -> None:
    cluster.is_warm(pod_of_chat(cluster))


MORE_DISK = "Use nodes with more disk, or a smaller quantization."
LOGIN = (
    "Make a Secret of type kubernetes.io/dockerconfigjson in the namespace and name it: llmctl:cluster.imagePullSecret."
)
MIRROR = "Mirror it to a registry that the cluster reaches: llmctl images mirror"
AGAIN = "What llmctl makes comes back with: llmctl up STACK; a Secret of yours you make anew in dev."

CASES = {
    "the pod security level": Case(
        refused(
            'pods "chat-7d9f-x2" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true '
            '(pod or container "server" must set securityContext.runAsNonRoot=true)'
        ),
        "The namespace's Pod Security level restricted:latest does not let the pods of chat in: runAsNonRoot != true "
        '(pod or container "server" must set securityContext.runAsNonRoot=true).',
        "Run the container without what is named there; an image that needs it cannot run in this stack.",
    ),
    "the quota": Case(
        refused(
            'pods "chat-7d9f-x2" is forbidden: exceeded quota: stack, requested: requests.nvidia.com/gpu=1, '
            "used: requests.nvidia.com/gpu=2, limited: requests.nvidia.com/gpu=2"
        ),
        "The quota stack lets no more pods of chat in: requests.nvidia.com/gpu=1 is asked for, "
        "requests.nvidia.com/gpu=2 of requests.nvidia.com/gpu=2 is used.",
        "Lower replicas, or raise the quota: kubectl edit resourcequota stack; llmctl up sets its own anew.",
    ),
    "a rule of the cluster": Case(
        refused('admission webhook "images.example.com" denied the request: only our registry.'),
        "The cluster's own rule images.example.com does not let the pods of chat in: only our registry.",
        "Have the rule's owner allow this namespace, or change what it names.",
    ),
    "an image that does not exist": Case(
        not_pulled(f"rpc error: code = NotFound desc = {REFERENCE}: {IMAGE}: not found"),
        f"The image {IMAGE} of {POD} cannot be pulled: its registry has no such image.",
        "Correct the name or the tag.",
    ),
    "an image that wants a login": Case(
        not_pulled(f"{REFERENCE}: unexpected status from HEAD request: 403 Forbidden"),
        f"The image {IMAGE} of {POD} cannot be pulled: its registry refuses it.",
        LOGIN,
    ),
    "a pull secret that is gone": Case(
        no_pull_secret,
        f"The image {IMAGE} of {POD} cannot be pulled: its registry refuses it; the image pull secret registry is "
        "not there.",
        LOGIN,
    ),
    "a registry that is not reached": Case(
        not_pulled(f"{REFERENCE}: failed to do request: dial tcp 192.0.2.1:443: i/o timeout"),
        f"The image {IMAGE} of {POD} cannot be pulled: the node does not reach its registry.",
        MIRROR,
    ),
    "a registry whose name is unknown": Case(
        not_pulled(f"{REFERENCE}: failed to do request: dial tcp: lookup ghcr.io: no such host"),
        f"The image {IMAGE} of {POD} cannot be pulled: the node does not know its registry's name.",
        MIRROR,
    ),
    "a claim without a volume": Case(
        claim_without_a_volume,
        'The PersistentVolumeClaim models has no volume yet: storageclass "fast" not found.',
        "See that its storage class is there and provisions (kubectl get storageclass), or make the volume.",
    ),
    "no claim": Case(
        no_claim,
        f"{POD} needs the PersistentVolumeClaim models, and there is none of that name.",
        "Make it in dev, or name another: weights.url.",
    ),
    "a Secret of a variable": Case(
        secret_of_a_variable_is_gone, f"{POD} cannot start without its Secret hub-token, which is not there.", AGAIN
    ),
    "weights with another hash": Case(
        weights_ended("weights failed: model.safetensors has the SHA-256 00ff, expected 11ee; it was not kept."),
        f"Fetching the weights of {POD} ended 2 times before: a file of the weights is not what it should be "
        "(model.safetensors has the SHA-256 00ff, expected 11ee; it was not kept).",
        "Restore the file at its source; if the model has moved on, name its revision. llmctl serves no such file.",
    ),
    "weights from a relay that is not there": Case(
        weights_ended("weights failed: The relay weights:8080 does not answer for config.json (refused)."),
        f"Fetching the weights of {POD} ended 2 times before: the relay or the source behind it cannot be reached "
        "(The relay weights:8080 does not answer for config.json (refused)).",
        "Look at the relay's log (kubectl logs deployment/weights), its network policy and weights.networks.",
    ),
    "weights that want a token": Case(
        weights_ended("weights of chat: 2 files", "weights failed: The relay does not give it (HTTP 401): token"),
        f"Fetching the weights of {POD} ended 2 times before: the source of the weights wants a token "
        "(The relay does not give it (HTTP 401): token).",
        "Name a Secret with one: weights.credentials; for the Hub: pulumi config set --secret llmctl:hubToken",
    ),
    "weights larger than the disk": Case(
        weights_ended("weights failed: The weights need 16.1 GB more in /weights, where 8.0 GB are free."),
        f"Fetching the weights of {POD} ended 2 times before: the weights do not fit on the node's disk "
        "(The weights need 16.1 GB more in /weights, where 8.0 GB are free).",
        MORE_DISK,
    ),
    "a GPU that failed its check": Case(
        gpu_check_failed,
        f"The check of the GPUs of {POD} ended: the GPUs did not prove themselves: GPU 0 shows 40 GiB of 79.",
        f"Cordon and replace the node, then delete the pod. See: kubectl logs {POD} -c gpu-check",
    ),
    "memory of the host": Case(
        engine_ended(code=137, reason="OOMKilled"),
        f"The server of {POD} ended 3 times before: it needed more than its memory limit of 4Gi, and the kernel killed "
        "it (OOMKilled).",
        "Lower maxTotalTokens or maxBatchSize, take a smaller quantization, or a machine with more memory.",
    ),
    "an engine that says why": Case(
        engine_ended("INFO loading", "ValueError: Model architectures ['XForCausalLM'] are not supported for now."),
        f"The server of {POD} ended 3 times before: the engine has no code for 'XForCausalLM'.",
        "See which engine has it: llmctl engines translate STACK --to ENGINE",
    ),
    "an engine that says what nobody knows": Case(
        engine_ended("INFO loading", "something odd", ""),
        f"The server of {POD} ended 3 times before: exit code 1; its last words: something odd.",
        f"Read its log: llmctl logs STACK --replica {POD}",
    ),
    "an engine that says nothing": Case(
        engine_ended(),
        f"The server of {POD} ended 3 times before: exit code 1, without a word.",
        f"Read its log: llmctl logs STACK --replica {POD}",
    ),
    "a start-up budget that was too short": Case(
        never_answered,
        f"The server of {POD} ended once before: it did not answer within its start-up budget of 600 s.",
        "Give the model more: startupSeconds above 600; what it was at: llmctl logs STACK",
    ),
    "a server that is never ready": Case(
        never_ready,
        f"{POD} runs for 60 s and is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503.",
        f"Read what it is at: llmctl logs STACK --replica {POD}",
    ),
    "a node that died": Case(
        dead_node,
        f"{POD} is on node a, which is not ready.",
        "Repair or delete the node (kubectl describe node a); its pods are then made elsewhere.",
    ),
    "a gateway without its keys": Case(
        gateway_without_keys,
        "The gateway cannot start without its Secret gateway-keys, which is not there.",
        AGAIN,
    ),
    "a gateway that refuses its configuration": Case(
        gateway_refuses_its_configuration,
        "The server of gateway-7d9f-1 ended 4 times before: exit code 1; its last words: [ALERT] config : parsing "
        "[/etc/gateway/haproxy.cfg:12] : unknown keyword.",
        "Read its log: llmctl logs STACK --replica gateway-7d9f-1",
    ),
    "no gateway": Case(
        no_gateway, "The stack has no gateway: nobody can reach its models.", "Make it anew: llmctl up STACK"
    ),
    "a model that is scaled to nothing": Case(
        nothing_is_wanted,
        "chat has no replica, because none is wanted.",
        "llmctl scale STACK --model chat --replicas 1",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_trouble_is_told_with_one_cause_and_one_fix(case: Case) -> None:
    cluster = ClusterDouble()
    logs = case.trouble(cluster) or {}
    diagnosis = first_cause(cluster.snapshot(), logs)
    assert (diagnosis.sentence, diagnosis.fix) == (case.sentence, case.fix)
    assert diagnosis.wrong


NOT_WRONG = {
    "a replica that is loading": (still_loading, f"{POD} is on its way (loading) for 60 s of at most 600 s."),
    "a pod that was evicted, and has a successor": (
        evicted,
        f"{POD} was evicted from its node: The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, "
        "available: 200Mi.",
    ),
    "a stack that is well": (all_is_well, "Nothing is wrong."),
}


@pytest.mark.parametrize(("trouble", "sentence"), NOT_WRONG.values(), ids=NOT_WRONG)
def test_what_only_takes_its_time_is_not_wrong(trouble: Callable[[ClusterDouble], None], sentence: str) -> None:
    cluster = ClusterDouble()
    trouble(cluster)
    diagnosis = first_cause(cluster.snapshot(), {})
    assert diagnosis.sentence == sentence
    assert not diagnosis.wrong


def test_a_stack_that_was_never_up_is_told_so() -> None:
    cluster = ClusterDouble()
    gone = Snapshot(namespace="dev", taken=cluster.snapshot().taken, home=None)
    assert first_cause(gone, {}).sentence == "There is no namespace dev in the cluster: nothing of the stack is there."


def test_an_old_refusal_of_a_replica_set_that_has_its_pods_is_no_trouble() -> None:
    cluster = ClusterDouble()
    refused("exceeded quota: x, requested: a, used: b, limited: c")(cluster)
    cluster.replica_sets[-1]["status"]["replicas"] = 1
    cluster.is_warm(cluster.pod(on="a"))
    assert not first_cause(cluster.snapshot(), {}).wrong


def test_the_earliest_stage_speaks_first() -> None:
    cluster = ClusterDouble(nodes=[node("a")])
    cluster.has_container(cluster.pod("chat", on="a"), waiting("CrashLoopBackOff"), last=ended(1))
    cluster.pod("legal", gpus=1)
    assert first_cause(cluster.snapshot(), {}).about == "pod/legal-7d9f-2"

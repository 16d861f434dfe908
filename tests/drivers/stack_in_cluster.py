"""A user whose stack `dev` is for a cluster: llmctl as a command, with the double of the provider attached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from drivers.cluster.cluster import Cluster
from drivers.laptop import Laptop
from drivers.packed_images import HAPROXY, MODEL_PATH, SERVER_WITH_MODEL

from llmctl.infra.rehearsal.attach import kubernetes_double

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
STACK = "dev"


def a_model(**settings: Any) -> dict[str, Any]:
    """A small real model on one thread of a processor, out of the image; settings on top."""
    return {
        "id": MODEL,
        "accelerator": "cpu",
        "threads": 1,
        "maxBatchSize": 4,
        "weights": {"source": "image", "url": MODEL_PATH},
        **settings,
    }


@dataclass
class StackInCluster:
    laptop: Laptop
    cluster: Cluster
    namespace: str
    settings: dict[str, Any] = field(default_factory=dict)

    def has(self, models: Mapping[str, Any] | None = None, image: str = SERVER_WITH_MODEL, **settings: Any) -> None:
        """Write the stack file anew; settings are named as they are written there."""
        cluster = {
            "context": self.cluster.context,
            "kubeconfig": str(self.cluster.kubeconfig),
            "namespace": self.namespace,
            "serverImage": image,
            "gatewayImage": HAPROXY,
            **settings.pop("cluster", {}),
        }
        content = {"target": "kubernetes", "cluster": cluster, "models": dict(models or {MODEL: a_model()}), **settings}
        text = yaml.safe_dump({"config": {f"llmctl:{key}": value for key, value in content.items()}})
        self.file.write_text(text)

    @property
    def file(self) -> Path:
        return self.laptop.directory / "stacks" / f"Pulumi.{STACK}.yaml"

    def llmctl(self, command: str, *words: str) -> Any:
        """`llmctl COMMAND dev WORDS…`; a change is confirmed."""
        yes = ["--yes"] if command in ("up", "down") else []
        return self.laptop.llmctl(command, STACK, *yes, *words)

    def has_the_secret(self, name: str, value: str) -> None:
        """By plain Pulumi, as docs/operating.md says; after `has`, which writes the file anew."""
        shell = f'eval "$(llmctl env {STACK})" && pulumi -C stacks config set --stack {STACK} --secret llmctl:{name}'
        path = f"{self.laptop.pulumi_cli().parent}:{self.laptop.environ['PATH']}"
        self.laptop.llmctl("preview", STACK)  # the stack is there
        done = self.laptop.runs(["bash", "-c", f"{shell} {value}"], PATH=path)
        assert done.code == 0, done.err

    def keys(self, verb: str, *words: str) -> Any:
        """`llmctl keys VERB dev WORDS…`."""
        return self.laptop.llmctl("keys", verb, STACK, *words)

    def is_up(self) -> None:
        up = self.llmctl("up")
        assert up.code == 0, up.err + up.out

    def objects(self) -> list[str]:
        """Everything that is in the namespace or belongs to the stack, as kind/name."""
        kinds = "all,configmaps,secrets,serviceaccounts,networkpolicies,resourcequotas,poddisruptionbudgets"
        words = ("-n", self.namespace, "-o", "name", "--ignore-not-found")
        return self.cluster.try_kubectl("get", kinds, *words).stdout.split()

    def pods(self, component: str) -> list[Any]:
        """Pods of `model-server`, `gateway` or `weights`, those on their way out left away."""
        label = f"app.kubernetes.io/component={component}"
        found = self.cluster.get("pods", "-n", self.namespace, "-l", label)["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def key(self) -> str:
        """Of the operator, as `up` made it."""
        return (self.laptop.directory / ".llmctl" / "stacks" / STACK / "api-key").read_text().strip()

    def url(self) -> str:
        """Of the gateway's Service, through kube-proxy."""
        return self.cluster.service_url(self.namespace, "gateway", 80)


@contextmanager
def stack_in(cluster: Cluster, directory: Path, namespace: str) -> Iterator[StackInCluster]:
    """A project with the stack, which is taken down at the end."""
    laptop = Laptop(directory)
    with kubernetes_double(settle=0) as variables:
        laptop.environ |= variables
        stack = StackInCluster(laptop, cluster, namespace)
        stack.has()
        try:
            yield stack
        finally:
            stack.llmctl("down")
            cluster.try_kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")

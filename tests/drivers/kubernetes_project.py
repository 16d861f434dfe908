"""A Pulumi project of Kubernetes objects on the real Pulumi engine, with the double of the provider attached."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pulumi
from pulumi import automation as auto
from pulumi.automation.events import EngineEvent

from llmctl.infra.kubernetes.object import KubernetesObject, cluster_provider


class KubernetesProject:
    """`declares` objects by resource name; `up` and its kin do what the engine makes of them."""

    def __init__(self, root: Path, double: Mapping[str, str], kubeconfig: dict[str, Any], context: str) -> None:
        self.root, self.work, self.events = root, root / "project", list[EngineEvent]()
        self.provider: dict[str, Any] = {"context": context, "cluster_identifier": "of these tests"}
        self.uses(kubeconfig)
        self._objects: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        for directory in (self.work, root / "state"):
            directory.mkdir()
        environment = {
            "PULUMI_BACKEND_URL": f"file://{root / 'state'}",
            "PULUMI_HOME": str(root / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            **double,
        }
        options = auto.LocalWorkspaceOptions(work_dir=str(self.work), env_vars=environment)
        (self.work / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
        self.stack = auto.create_or_select_stack("test", "demo", self._program, opts=options)

    def declares(self, name: str, manifest: dict[str, Any] | None, **options: Any) -> None:
        """`depends_on` names other resources; None as the manifest takes the object away."""
        if manifest is None:
            del self._objects[name]
        else:
            self._objects[name] = (manifest, options)

    def uses(self, kubeconfig: dict[str, Any], **settings: Any) -> None:
        """Settings of the provider."""
        self.provider |= {"kubeconfig": json.dumps(kubeconfig), **settings}

    def up(self, **options: Any) -> dict[str, Any]:
        """Returns metadata and status of every object, by resource name."""
        outputs = self.stack.up(on_event=self._heard(), **options).outputs
        return {name: output.value for name, output in outputs.items()}

    def operations(self) -> dict[str, str]:
        """What a preview plans, by resource name."""
        events: list[EngineEvent] = []
        self.stack.preview(on_event=events.append)
        steps = [event.resource_pre_event.metadata for event in events if event.resource_pre_event]
        return {step.urn.rpartition("::")[2]: _operation(step) for step in steps if _is_object(step)}

    def up_in_the_background(self) -> Future[Any]:
        return ThreadPoolExecutor(1).submit(self.up)

    def destroy(self) -> None:
        self.stack.destroy(on_event=self._heard())

    def destroy_in_the_background(self) -> Future[None]:
        return ThreadPoolExecutor(1).submit(self.destroy)

    def repair(self) -> None:
        """What llmctl does after a Pulumi CLI was killed: break its lock, drop the pending create, look again."""
        self.stack.cancel()
        self.stack.refresh(clear_pending_creates=True)

    def cli(self) -> psutil.Process | None:
        return next(
            (p for p in psutil.Process().children(recursive=True) if p.name() == "pulumi" and "up" in p.cmdline()), None
        )

    def state(self, name: str) -> dict[str, Any]:
        deployment = self.stack.export_stack().deployment or {}
        return next(each for each in deployment["resources"] if each["urn"].endswith(f"::{name}"))

    def pending(self) -> list[str]:
        """Names of the resources whose operation was begun and not ended."""
        deployment = self.stack.export_stack().deployment or {}
        return [each["resource"]["urn"].rpartition("::")[2] for each in deployment.get("pending_operations") or ()]

    def state_file(self) -> str:
        """The state as it lies on disk."""
        return (self.root / "state" / ".pulumi" / "stacks" / "demo" / "test.json").read_text()

    def resources(self) -> list[str]:
        """Names of the objects in the state."""
        deployment = self.stack.export_stack().deployment or {}
        resources = deployment.get("resources", [])
        return [each["urn"].rpartition("::")[2] for each in resources if each["type"].startswith("kubernetes:")]

    def said(self) -> list[str]:
        """What the engine has shown of the last operation, in order."""
        return [event.diagnostic_event.message.strip() for event in self.events if event.diagnostic_event]

    def _heard(self) -> Any:
        self.events.clear()
        return self.events.append

    def _program(self) -> None:
        provider = cluster_provider("cluster", **self.provider)
        made: dict[str, KubernetesObject] = {}
        for name, (manifest, options) in self._objects.items():
            before = [made[each] for each in options.get("depends_on", ())]
            given = pulumi.ResourceOptions(provider=provider, **{**options, "depends_on": before})
            made[name] = KubernetesObject(name, manifest, given)
            pulumi.export(name, {"metadata": made[name].metadata, "status": made[name].status})


def _is_object(step: Any) -> bool:
    return bool(step.type.startswith("kubernetes:"))


def _operation(step: Any) -> str:
    """A replacement is planned in three steps, whose order says which object goes first."""
    name = str(step.op.value)
    return "replace" if name in ("replace", "create-replacement", "delete-replaced") else name

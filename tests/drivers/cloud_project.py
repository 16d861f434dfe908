"""A Pulumi project of cloud resources on the real Pulumi engine, with the double of the cloud attached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi import automation as auto
from pulumi.automation.events import EngineEvent

from llmctl.infra.rehearsal.cloud.faults import plan_faults
from llmctl.infra.rehearsal.cloud.request import Existing
from llmctl.infra.rehearsal.cloud.store import Store
from llmctl.infra.rehearsal.cloud.timeline import Moment, read_timeline

REGION, ACCOUNT = "eu-west-1", "123456789012"


class CloudProject:
    """`declares` is the program; `store` what the double has."""

    def __init__(self, root: Path, double: Mapping[str, str]) -> None:
        self.root, self.world = root, root / "world"
        self.settings: dict[str, Any] = {
            "region": REGION,
            "allowed_account_ids": [ACCOUNT],
            "default_tags": {"tags": {"stack": "test"}},
        }
        work, state = root / "project", root / "state"
        for directory in (work, state):
            directory.mkdir()
        (work / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
        environment = {
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_HOME": str(root / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            **double,
        }
        options = auto.LocalWorkspaceOptions(work_dir=str(work), env_vars=environment)
        self._declare: Callable[[pulumi.ResourceOptions], None] = lambda _: None
        self.stack = auto.create_or_select_stack("test", "demo", self._program, opts=options)

    def declares(self, declare: Callable[[pulumi.ResourceOptions], None]) -> None:
        """It gets options with the provider."""
        self._declare = declare

    def suffers(self, *faults: str) -> None:
        """From the next operation on."""
        plan_faults(self.world, faults)

    def up(self) -> dict[str, Any]:
        return {name: output.value for name, output in self.stack.up().outputs.items()}

    def planned(self) -> dict[str, str]:
        """What a preview would do, by resource name; nothing that stays the same."""
        events: list[EngineEvent] = []
        self.stack.preview(on_event=events.append)
        steps = [event.resource_pre_event.metadata for event in events if event.resource_pre_event]
        return {step.urn.rpartition("::")[2]: _operation(step) for step in steps if step.op.value != "same"}

    def refresh(self) -> dict[str, int]:
        """Changes that were seen, by kind, without what stayed the same."""
        seen = self.stack.refresh().summary.resource_changes or {}
        return {str(kind): count for kind, count in seen.items() if kind != "same"}

    def destroy(self) -> None:
        self.stack.destroy()

    def repair(self) -> None:
        """What follows a killed Pulumi CLI: break its lock, drop the pending create, look again."""
        self.stack.cancel()
        self.stack.refresh(clear_pending_creates=True)

    def store(self) -> Store:
        return Store(self.world)

    def there(self) -> list[Existing]:
        return self.store().everything()

    def the(self, type_: str) -> Existing:
        """The only one of that type that Pulumi has made."""
        found = [each for each in self.there() if each.type == type_ and each.made_by == "pulumi"]
        assert len(found) == 1, f"expected one {type_}, there are {[each.id for each in found]}"
        return found[0]

    def timeline(self) -> list[Moment]:
        return read_timeline(self.world)

    def state(self) -> list[str]:
        """Names of the resources in the state that are of the cloud."""
        deployment = self.stack.export_stack().deployment or {}
        resources = deployment.get("resources", [])
        return [each["urn"].rpartition("::")[2] for each in resources if each["type"].startswith("aws:")]

    def _program(self) -> None:
        import pulumi_aws as aws

        provider = aws.Provider("account", **self.settings)
        self._declare(pulumi.ResourceOptions(provider=provider))


def _operation(step: Any) -> str:
    """A replacement is planned in three steps, whose order says which one goes first."""
    name = str(step.op.value)
    return "replace" if name in ("replace", "create-replacement", "delete-replaced") else name

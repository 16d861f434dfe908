"""A Pulumi program's resources without an engine: what it would register, whole, as the engine would get it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor

STACK = "pulumi:pulumi:Stack"
REGION, ACCOUNT = "eu-west-1", "111122223333"
"""Of the ARNs that the stand-in of the engine gives out."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One resource of a program. Others are told by their names, as the program gave them."""

    type: str
    """Pulumi's token, such as aws:ec2/vpc:Vpc."""

    name: str
    inputs: Mapping[str, Any]
    """Names in camelCase, secrets in clear; what a preview cannot know is a pulumi.output.Unknown."""

    secrets: frozenset[str]
    """Inputs that hold a secret."""

    parent: str | None
    """None: the stack."""

    provider: str | None
    """Name of the explicit provider; None: the engine would take a default one, where the program allows that."""

    dependencies: frozenset[str]
    """By inputs and by depends_on."""

    protect: bool
    ignore_changes: tuple[str, ...]
    replace_on_changes: tuple[str, ...]
    delete_before_replace: bool
    retain_on_delete: bool
    deleted_with: str | None
    timeouts: Mapping[str, str]
    """Of create, update, delete; only those that are set."""

    aliases: tuple[str, ...]
    custom: bool
    """False: a component."""


@dataclass
class Declaration:
    """All that a program declares, in the order in which the engine hears of it, and what it gives back."""

    resources: list[Declared] = field(default_factory=list)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of components, by name."""

    result: Any = None
    """What the program returned, Outputs resolved (an unknown one: pulumi.output.Unknown)."""

    def of(self, type_: str) -> list[Declared]:
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, name: str | None = None) -> Declared:
        """The only resource of that type (and name); otherwise the message lists what there is."""
        found = [resource for resource in self.of(type_) if name in (None, resource.name)]
        assert len(found) == 1, f"expected one {type_} {name or ''}, declared are {self._listed()}"
        return found[0]

    def named(self, name: str) -> Declared:
        """The only resource of that name, components aside."""
        found = [resource for resource in self.resources if resource.name == name and resource.custom]
        assert len(found) == 1, f"expected one {name}, declared are {self._listed()}"
        return found[0]

    def before(self, name: str) -> frozenset[str]:
        """Names of all that is made before the resource and deleted after it: its dependencies and theirs."""
        found: set[str] = set()
        waiting = {name}
        while waiting:
            at = waiting.pop()
            new = {d for r in self.resources if r.name == at for d in r.dependencies} - found
            found |= new
            waiting |= new
        return frozenset(found)

    def _listed(self) -> list[str]:
        return sorted(f"{resource.type} {resource.name}" for resource in self.resources)


def declare(
    program: Callable[[], Any],
    *,
    preview: bool = False,
    answers: Mapping[str, Mapping[str, Any]] | None = None,
    functions: Mapping[str, Mapping[str, Any]] | None = None,
) -> Declaration:
    """Runs the program to its end.

    program: may return Outputs, or a dict or list of them, which become `result`.
    preview: ids and whatever else the cloud makes up are unknown, as before the first deployment.
    answers: by type token, outputs that the cloud adds, besides the ARN that every resource gets here.
    functions: by token, such as aws:index/getRegion:getRegion, what it answers. Any other call fails the test.
    """
    declaration = Declaration()
    stand_in = _Cloud(preview, answers or {}, functions or {})
    pulumi.runtime.settings.set_root_resource(None)  # it outlives a run
    pulumi.runtime.set_mocks(
        stand_in,
        project="llmctl",
        stack="rehearsed",
        preview=preview,
        monitor=_RecordingMonitor(stand_in, declaration),
    )
    pulumi.runtime.test(lambda: _kept(program(), declaration))()
    return declaration


def _kept(result: Any, declaration: Declaration) -> pulumi.Output[None]:
    def keep(value: Any) -> None:
        declaration.result = value

    # Unknowns too: an apply of the public kind would not be called for them in a preview.
    return pulumi.Output.from_input(result).apply(keep, run_with_unknowns=True)


class _Cloud(pulumi.runtime.Mocks):
    def __init__(
        self, preview: bool, answers: Mapping[str, Mapping[str, Any]], functions: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._preview, self._answers, self._functions = preview, answers, functions

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if self._preview or not args.custom:
            return "", dict(args.inputs)
        service = args.typ.split(":")[1].split("/")[0]
        made_up = {"arn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{args.name}"}
        return f"{args.name}-id", {**made_up, **args.inputs, **self._answers.get(args.typ, {})}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        assert args.token in self._functions, (
            f"the program asked the cloud for {args.token}, which nothing here answers"
        )
        return dict(self._functions[args.token]), []


class _RecordingMonitor(MockMonitor):
    def __init__(self, mocks: pulumi.runtime.Mocks, declaration: Declaration) -> None:
        super().__init__(mocks)
        self._declaration = declaration

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  (the name is gRPC's)
        if request.type != STACK:
            self._declaration.resources.append(_declared(request))
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        outputs = rpc.deserialize_properties(request.outputs)
        self._declaration.outputs[_name(request.urn)] = _in_clear(outputs)
        return super().RegisterResourceOutputs(request)


def _declared(request: Any) -> Declared:
    inputs = rpc.deserialize_properties(request.object)
    timeouts = {verb: getattr(request.customTimeouts, verb) for verb in ("create", "update", "delete")}
    return Declared(
        type=request.type,
        name=request.name,
        inputs=_in_clear(inputs),
        secrets=frozenset(key for key, value in inputs.items() if _holds_secret(value)),
        parent=None if STACK in request.parent.split("::")[2:3] else _name(request.parent),
        provider=_name(request.provider.rpartition("::")[0]) if request.provider else None,
        dependencies=frozenset(map(_name, request.dependencies)),
        protect=request.protect,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        delete_before_replace=request.deleteBeforeReplace,
        retain_on_delete=request.retainOnDelete,
        deleted_with=_name(request.deletedWith) if request.deletedWith else None,
        timeouts={verb: allowed for verb, allowed in timeouts.items() if allowed},
        aliases=tuple(alias.urn or alias.spec.name for alias in request.aliases),
        custom=request.custom,
    )


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _holds_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return rpc.is_rpc_secret(value) or any(map(_holds_secret, value.values()))
    return not isinstance(value, str) and isinstance(value, Iterable) and any(map(_holds_secret, value))


def _in_clear(value: Any) -> Any:
    if isinstance(value, Mapping):
        if rpc.is_rpc_secret(value):
            return _in_clear(rpc.unwrap_rpc_secret(value))
        return {key: _in_clear(item) for key, item in value.items()}
    return [_in_clear(item) for item in value] if isinstance(value, list) else value

"""pulumirpc.ResourceProvider in front of the operations of one package."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from llmctl.infra.rehearsal.attached import AttachedPlugin
from llmctl.infra.rehearsal.cloud import killing
from llmctl.infra.rehearsal.cloud.errors import CloudError, NotReady, Rejected
from llmctl.infra.rehearsal.cloud.faults import Kind
from llmctl.infra.rehearsal.cloud.operations import Operations
from llmctl.infra.rehearsal.cloud.package import Home, Naming, Problem, Resource
from llmctl.infra.rehearsal.cloud.request import Existing, Operation
from llmctl.infra.rehearsal.difference import changes, pruned
from llmctl.infra.rehearsal.properties import from_struct, plain, to_struct
from llmctl.infra.rehearsal.replies import HalfDone, abort_half_done, abort_with_a_bug, diff_response

DEFAULTS = "__defaults"
"""Of the inputs: names of those that the provider has set."""


class Plugin(AttachedPlugin):
    def __init__(self, operations: Operations) -> None:
        self._operations, package = operations, operations.package
        super().__init__(package.name, package.version)
        self._is_about = package
        self._homes: dict[str, Home] = {}

    def _attached(self) -> None:
        self._operations.faults.begin()
        self._homes.clear()

    # ---- the provider

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        with self._told(context):
            problems = self._is_about.config_problems(settings_of(plain(from_struct(request.news))))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(problems))

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        found = changes(*(plain(from_struct(each)) for each in (request.olds, request.olds, request.news)))
        # Another account or region would be another provider: what is in the one is not in the other.
        return diff_response(found, delete_before_replace=False)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        variables = {name.rpartition(":")[2]: value for name, value in request.variables.items()}
        with self._told(context):
            # Every provider of a program comes by a connection of its own.
            self._homes[context.peer()] = self._is_about.home(settings_of(variables))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        arguments = plain(from_struct(request.args))
        with self._told(context):
            answer = self._is_about.call(request.tok, arguments, self._home(context), self._operations.store)
        return provider_pb2.InvokeResponse(**{"return": to_struct(answer)})

    # ---- resources

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        resource, news = self._resource(request, context), from_struct(request.news)
        naming = Naming(seed=request.randomSeed, proposed=request.autonaming.proposed_name or None)
        with self._told(context):
            inputs, problems = self._is_about.checked(
                resource, plain(news), plain(from_struct(request.olds)), self._home(context), naming
            )
        return provider_pb2.CheckResponse(
            inputs=to_struct(self._is_about.with_secrets(inputs, news)), failures=_failures(problems)
        )

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        resource = self._resource(request, context)
        olds, news = (plain(from_struct(each)) for each in (request.old_inputs, request.news))
        with self._told(context):
            fields, same = self._is_about.replacing(resource.type, news), self._is_about.same
            ignored = [*request.ignoreChanges, DEFAULTS]
            found = changes(olds, olds, news, replacing=fields, ignored=ignored, same=same)
            first = self._is_about.deleted_first(resource.type, olds, news)
        return diff_response(found, delete_before_replace=first)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        resource, given = self._resource(request, context), from_struct(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=to_struct(self._is_about.previewed(resource.type, {}, given)))
        with self._told(context, given):
            made = self._operations.create(resource, plain(given), self._home(context), killing.of(context))
        self._killed_after(resource, Operation.CREATE, made.id, context)
        return provider_pb2.CreateResponse(id=made.id, properties=to_struct(self._state(made, given)))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        resource, given = self._resource(request, context), from_struct(request.inputs)
        with self._told(context):
            found = self._operations.read(resource, request.id)
        if found is None:
            return provider_pb2.ReadResponse()
        now = pruned(dict(found.inputs), plain(given)) if given else dict(found.inputs)
        return provider_pb2.ReadResponse(
            id=found.id,
            properties=to_struct(self._state(found, given)),
            inputs=to_struct(self._is_about.with_secrets(now, given)),
        )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        resource, given = self._resource(request, context), from_struct(request.news)
        if request.preview:
            outputs = self._is_about.previewed(resource.type, plain(from_struct(request.olds)), plain(given))
            return provider_pb2.UpdateResponse(properties=to_struct(self._is_about.with_secrets(outputs, given)))
        with self._told(context, given):
            after = self._operations.update(
                resource, request.id, plain(given), self._home(context), killing.of(context)
            )
        self._killed_after(resource, Operation.UPDATE, after.id, context)
        return provider_pb2.UpdateResponse(properties=to_struct(self._state(after, given)))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        resource = self._resource(request, context)
        inputs = plain(from_struct(request.old_inputs))
        with self._told(context):
            self._operations.delete(resource, request.id, inputs, self._home(context), killing.of(context))
        return empty_pb2.Empty()

    # ---- parts

    def _resource(self, request: Any, context: Any) -> Resource:
        resource = Resource.of(request.urn)
        if not self._is_about.knows(resource.type):
            said = f'unrecognized resource type: "{resource.type}" for this provider'
            context.abort(grpc.StatusCode.UNKNOWN, said)
        return resource

    def _home(self, context: Any) -> Home:
        """Of the provider that has asked; a connection that was made anew is that of the last one."""
        if not self._homes:
            raise Rejected("the provider was not configured")
        return self._homes.get(context.peer()) or next(reversed(self._homes.values()))

    def _state(self, thing: Existing, given: dict[str, Any]) -> dict[str, Any]:
        return self._is_about.with_secrets({**thing.outputs, "id": thing.id}, given)

    def _killed_after(self, resource: Resource, operation: Operation, id_: str, context: Any) -> None:
        if self._operations.faults.met(Kind.KILLED_AFTER, operation, resource.type, resource.name):
            killing.when_recorded(id_, context)

    @contextmanager
    def _told(self, context: Any, given: dict[str, Any] | None = None) -> Iterator[None]:
        """What was raised on purpose reaches the user as its message, anything else as its type."""
        try:
            yield
        except NotReady as error:
            outputs = self._state(error.existing, given or {})
            abort_half_done(context, HalfDone(str(error), error.existing.id, outputs), ())
        except CloudError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:  # noqa: BLE001  (the last boundary before the engine)
            abort_with_a_bug(context, error, f"pulumi-{self._package}")


def settings_of(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The engine keeps a provider's settings as strings of JSON, except for strings."""
    return {name: _decoded(value) for name, value in variables.items()}


def _decoded(value: Any) -> Any:
    if not isinstance(value, str) or value[:1] not in ("{", "[", "t", "f"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _failures(problems: list[Problem]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=each.property, reason=each.reason) for each in problems]

"""pulumirpc.ResourceProvider in front of the objects of one cluster.

The engine attaches to a double that runs already; one `pulumi` after another may do so, each with its own settings. The
provider resource configured last is the one whose cluster counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from llmctl.infra.kubernetes.object import PLUGIN_VERSION
from llmctl.infra.rehearsal.attached import AttachedPlugin
from llmctl.infra.rehearsal.difference import Change, changes
from llmctl.infra.rehearsal.engine import Teller
from llmctl.infra.rehearsal.kubernetes import configuration, inputs, unreachable
from llmctl.infra.rehearsal.kubernetes.annotations import AUTONAMED, is_set, timeout_seconds
from llmctl.infra.rehearsal.kubernetes.api import Api
from llmctl.infra.rehearsal.kubernetes.checkpoint import Checkpoint, written
from llmctl.infra.rehearsal.kubernetes.configuration import Cluster
from llmctl.infra.rehearsal.kubernetes.errors import DoubleError, NoSuchKind, NotReady, Refused
from llmctl.infra.rehearsal.kubernetes.objects import Objects, live_inputs, manager_of
from llmctl.infra.rehearsal.kubernetes.quantity import same_value
from llmctl.infra.rehearsal.kubernetes.replacements import replacing
from llmctl.infra.rehearsal.kubernetes.secrets import hidden
from llmctl.infra.rehearsal.kubernetes.type_tokens import CLUSTER_SCOPED, api_of_urn
from llmctl.infra.rehearsal.kubernetes.waiting import Patience
from llmctl.infra.rehearsal.properties import (
    UNKNOWN,
    from_struct,
    is_unknown,
    plain,
    to_struct,
)
from llmctl.infra.rehearsal.replies import HalfDone, abort_half_done, abort_with_a_bug, diff_response


class Plugin(AttachedPlugin):
    """Methods that no program of ours has a use for stay unimplemented."""

    def __init__(self, settle: float) -> None:
        """settle: seconds that the endpoints of a Service must have stayed the same."""
        super().__init__("kubernetes", PLUGIN_VERSION)
        self._settle = settle
        self._cluster: Cluster | None = None

    # ---- the provider

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        changed, replaces = configuration.difference(plain(from_struct(request.olds)), plain(from_struct(request.news)))
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind, diffs=changed, replaces=replaces)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _told(context):
            self._cluster = configuration.connect(configuration.settings_of(request.variables))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    # ---- resources

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        news, olds, cluster = from_struct(request.news), from_struct(request.olds), self._configured
        if not cluster.api and cluster.settings.skip_update_unreachable:
            self._engine.log(request.urn, "warning", unreachable.SKIPPED)
            return provider_pb2.CheckResponse(inputs=request.olds)
        with _told(context):
            manifest = inputs.checked(plain(news), plain(olds), _name(request), request.randomSeed, _proposed(request))
            if _namespaced(cluster, request.urn):
                manifest = inputs.in_namespace(manifest, cluster.namespace)
        return provider_pb2.CheckResponse(inputs=to_struct(hidden(manifest, news)))

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _told(context):
            old = Checkpoint.read(from_struct(request.olds))
            news = inputs.normalized(plain(from_struct(request.news)))
            found = self._changes(old, news, request.ignoreChanges)
        return diff_response(found, delete_before_replace=_keeps_its_name(old, news))

    def _changes(self, old: Checkpoint, news: dict[str, Any], ignored: list[str]) -> tuple[Change, ...]:
        settings = self._configured.settings
        fields = replacing(news, config_map_mutable=settings.config_map_mutable, secret_mutable=settings.secret_mutable)
        return changes(old.live, old.inputs, news, replacing=fields, ignored=ignored, same=same_value)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        given = from_struct(request.properties)
        if request.preview:
            with _told(context):
                return provider_pb2.CreateResponse(properties=to_struct(self._preview_create(given)))
        manifest = plain(given)
        manager = manager_of(manifest)

        def half_done(error: NotReady) -> HalfDone:
            said = f'resource "{request.urn}" was successfully created, but {NOT_LIVE} it {FAILED}: {error}'
            return HalfDone(said, inputs.object_id(error.live), written(manifest, error.live, given, manager))

        with _told(context, f'resource "{request.urn}" was not successfully created by {SERVER}: ', half_done):
            live = self._objects(self._reachable()).create(
                manifest, manager, self._patience(request, context, manifest)
            )
        outputs = to_struct(written(manifest, live, given, manager))
        return provider_pb2.CreateResponse(id=inputs.object_id(live), properties=outputs)

    def _preview_create(self, given: dict[str, Any]) -> dict[str, Any]:
        manifest = plain(given)
        manager = manager_of(manifest)
        api = self._can_preview(manifest)
        made = self._objects(api).preview_create(manifest, manager) if api else None
        return written(manifest, made, given, manager) if made else given

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        given, old = from_struct(request.inputs), Checkpoint.read(from_struct(request.properties))
        api = self._configured.api
        if not api:
            return self._read_unreachable(request, context)
        about = _about(request.id, old, plain(given), request.urn)
        known, manager = inputs.normalized(plain(given)) if given else {}, manager_of(about, old.manager)

        def half_done(error: NotReady) -> HalfDone:
            now = live_inputs(error.live, known)
            outputs = written(now, error.live, given, manager)
            return HalfDone(str(error), request.id, outputs, hidden(now, given))

        with _told(context, half_done=half_done):
            live = self._objects(api).read(about)
        if live is None:
            return provider_pb2.ReadResponse()
        now = live_inputs(live, known)
        outputs = written(now, live, given, manager)
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct(outputs), inputs=to_struct(hidden(now, given))
        )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        given, old = from_struct(request.news), Checkpoint.read(from_struct(request.olds))
        manifest, ignored = inputs.normalized(plain(given)), list(request.ignoreChanges)
        manager = manager_of(manifest, old.manager)
        if request.preview:
            with _told(context):
                api = self._can_preview(manifest)
                made = self._objects(api).preview_update(old, manifest, manager, ignored) if api else None
                outputs = written(manifest, made, given, manager) if made else given
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))

        def half_done(error: NotReady) -> HalfDone:
            name = inputs.object_id(error.live)
            said = f'{NOT_LIVE} "{name}" {FAILED}: {error}'
            return HalfDone(said, name, written(manifest, error.live, given, manager))

        with _told(context, f'update of resource "{request.urn}" failed: ', half_done):
            patience = self._patience(request, context, manifest)
            live = self._objects(self._reachable()).update(old, manifest, manager, ignored, patience)
        return provider_pb2.UpdateResponse(properties=to_struct(written(manifest, live, given, manager)))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        state = from_struct(request.properties)
        old, api = Checkpoint.read(state), self._configured.api
        if not api:
            self._delete_unreachable(request, context)
            return empty_pb2.Empty()

        def half_done(error: NotReady) -> HalfDone:
            outputs = written(old.inputs, error.live, state.get("__inputs", {}), old.manager)
            return HalfDone(str(error), request.id, outputs)

        with _told(context, half_done=half_done):
            self._objects(api).delete(old, self._patience(request, context, old.inputs))
        return empty_pb2.Empty()

    # ---- without a cluster

    def _read_unreachable(self, request: Any, context: Any) -> Any:
        cluster = self._configured
        self._engine.log(request.urn, "warning", unreachable.cluster(cluster.unreachable))
        if cluster.settings.delete_unreachable:
            self._engine.log(request.urn, "info", unreachable.DROPPED)
            return provider_pb2.ReadResponse()
        if cluster.settings.skip_update_unreachable:
            return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        context.abort(grpc.StatusCode.UNKNOWN, unreachable.NOT_READ)
        raise AssertionError("abort raises")

    def _delete_unreachable(self, request: Any, context: Any) -> None:
        cluster = self._configured
        self._engine.log(request.urn, "warning", unreachable.cluster(cluster.unreachable))
        if not cluster.settings.delete_unreachable:
            context.abort(grpc.StatusCode.UNKNOWN, unreachable.NOT_DELETED)
        self._engine.log(request.urn, "info", unreachable.DROPPED)

    # ---- parts

    @property
    def _configured(self) -> Cluster:
        if self._cluster is None:
            raise Refused("the provider was not configured")
        return self._cluster

    def _reachable(self) -> Api:
        cluster = self._configured
        if cluster.api is None:
            raise DoubleError(unreachable.cluster(cluster.unreachable))
        return cluster.api

    def _can_preview(self, manifest: dict[str, Any]) -> Api | None:
        """Only the API server can say what becomes of an object, and only of one that is known as a whole."""
        api = self._configured.api
        if api is None or is_unknown(manifest) or not api.knows(manifest["apiVersion"], manifest["kind"]):
            return None
        return api

    def _objects(self, api: Api) -> Objects:
        return Objects(api, self._configured.settings)

    def _patience(self, request: Any, context: Any, manifest: dict[str, Any]) -> Patience:
        return Patience(
            timeout_seconds(manifest, request.timeout),
            # An engine that was killed no longer listens.
            lambda: self._cancelled.is_set() or not context.is_active(),
            Teller(self._engine, request.urn),
            self._settle,
        )


def _name(request: Any) -> str:
    return str(request.urn.rpartition("::")[2])


def _proposed(request: Any) -> str | None:
    return request.autonaming.proposed_name or None


def _namespaced(cluster: Cluster, urn: str) -> bool:
    """Of a kind that nobody can be asked about, and that is not one of Kubernetes itself: most likely."""
    api_version, kind = api_of_urn(urn)
    try:
        return cluster.api.kind(api_version, kind).namespaced if cluster.api else kind not in CLUSTER_SCOPED
    except NoSuchKind:
        return True


def _keeps_its_name(old: Checkpoint, news: dict[str, Any]) -> bool:
    """Then the old object has to go before another one can take its name."""
    was, wanted = old.live["metadata"], news["metadata"]
    same = (wanted.get("name"), wanted.get("namespace")) == (was["name"], was.get("namespace"))
    return same and wanted.get("name") != UNKNOWN and not is_set(news, AUTONAMED)


def _about(resource_id: str, old: Checkpoint, given: dict[str, Any], urn: str) -> dict[str, Any]:
    """What to read: from the state, or in an import from type and id alone."""
    if old.live.get("apiVersion") and old.live.get("metadata"):
        return old.live
    namespace, _, name = resource_id.rpartition("/")
    api_version, kind = api_of_urn(urn)
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, **given, "metadata": {**given.get("metadata", {}), **metadata}}


SERVER = "the Kubernetes API server"
NOT_LIVE = f"{SERVER} reported that"
FAILED = "failed to fully initialize or become live"


@contextmanager
def _told(context: Any, prefix: str = "", half_done: Callable[[NotReady], HalfDone] | None = None) -> Iterator[None]:
    """What was raised on purpose reaches the user as its message, anything else as its type."""
    try:
        yield
    except NotReady as error:
        if half_done is None:
            raise
        abort_half_done(context, half_done(error), error.reasons)
    except DoubleError as error:
        context.abort(grpc.StatusCode.UNKNOWN, f"{prefix}{error}")
    except Exception as error:  # noqa: BLE001  (the last boundary before the engine)
        abort_with_a_bug(context, error, "pulumi-kubernetes")

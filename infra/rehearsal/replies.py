"""Answers of the double as the engine's messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from llmctl.infra.rehearsal.difference import Change
from llmctl.infra.rehearsal.properties import to_struct

KINDS = provider_pb2.PropertyDiff


def diff_response(changes: Sequence[Change], *, delete_before_replace: bool) -> Any:
    replaces = [change.text for change in changes if change.replaces]
    response = provider_pb2.DiffResponse
    return response(
        changes=response.DIFF_SOME if changes else response.DIFF_NONE,
        replaces=replaces,
        deleteBeforeReplace=bool(replaces) and delete_before_replace,
        hasDetailedDiff=True,
        detailedDiff={change.text: _detail(change) for change in changes},
    )


def _detail(change: Change) -> Any:
    name = change.kind.upper() + ("_REPLACE" if change.replaces else "")
    return KINDS(kind=KINDS.Kind.Value(name), inputDiff=change.kind == "delete")


@dataclass(frozen=True)
class HalfDone:
    """A resource that is there and not as it should be: it stays in the state, and the next `up` works on it."""

    message: str
    resource_id: str
    outputs: dict[str, Any]
    inputs: dict[str, Any] | None = None


def abort_half_done(context: Any, half_done: HalfDone, reasons: Sequence[str]) -> NoReturn:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=half_done.resource_id,
        properties=to_struct(half_done.outputs),
        reasons=[half_done.message, *reasons],
        inputs=None if half_done.inputs is None else to_struct(half_done.inputs),
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=half_done.message)
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, half_done.message)
    raise AssertionError("abort raises")


def abort_with_a_bug(context: Any, error: Exception, plugin: str) -> NoReturn:
    # Not the text: nobody wrote it for the user, and it may hold what was being worked on.
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "?"
    context.abort(grpc.StatusCode.INTERNAL, f"a fault in the double of {plugin}: {type(error).__name__} at {place}")
    raise AssertionError("abort raises")

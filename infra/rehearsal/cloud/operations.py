"""Create, read, update and delete in the store, with rules, faults and timeline. Nothing here knows gRPC."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from llmctl.infra.rehearsal.cloud.errors import AnswerLost, CloudError, NotReady, Rejected
from llmctl.infra.rehearsal.cloud.faults import BEFORE, MADE, Fault, Faults, Kind
from llmctl.infra.rehearsal.cloud.package import Home, Package, Resource
from llmctl.infra.rehearsal.cloud.request import Existing, Operation, Request
from llmctl.infra.rehearsal.cloud.store import Owner, Store, now
from llmctl.infra.rehearsal.cloud.timeline import Moment, Timeline

Kill = Callable[[], None]
"""Ends the Pulumi CLI that has asked."""

OUTCOMES: Mapping[type[CloudError], str] = {Rejected: "refused", NotReady: "not ready", AnswerLost: "answer lost"}


class Refused(Rejected):
    """By a fault."""

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass
class _Met:
    """What happened to one operation so far."""

    id: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Operations:
    package: Package
    store: Store
    faults: Faults
    timeline: Timeline
    realtime: bool = False

    def create(self, resource: Resource, inputs: dict[str, Any], home: Home, kill: Kill) -> Existing:
        """Raises Rejected where nothing was made, NotReady and AnswerLost where it is there."""
        request = self._request(Operation.CREATE, resource, inputs, home)
        with self._told(resource, request) as met:
            self._before(resource, request, kill, met)
            self.package.validate(request)
            with self.store.lock:
                self._ask_the_rules(resource, request)
                made = self._make(resource, request)
            met.id = made.id
            self._made(resource, request, made, kill, met)
        return made

    def _make(self, resource: Resource, request: Request) -> Existing:
        made = self.package.made(resource, request, self.store.generation(resource.urn), self.store)
        thing = Existing(
            type=request.type,
            id=made.id,
            account=request.account,
            region=request.region,
            inputs=request.inputs,
            outputs=made.outputs,
            created=now(),
        )
        self.store.put(thing)
        for each in made.beside:
            self.store.put(each.thing, None if each.stays else Owner(thing.type, thing.id))
        return thing

    def read(self, resource: Resource, id_: str) -> Existing | None:
        """Raises Rejected where the cloud does not answer."""
        return self.store.find(resource.type, id_)

    def update(self, resource: Resource, id_: str, inputs: dict[str, Any], home: Home, kill: Kill) -> Existing:
        """Raises Rejected where it is not there any more, or stays as it is."""
        with self.store.lock:
            before = self.store.find(resource.type, id_)
        request = self._request(Operation.UPDATE, resource, inputs, home, before)
        with self._told(resource, request) as met:
            met.id = id_
            if before is None:
                raise Rejected(f"updating {resource.type} ({id_}): it is not there any more")
            self._before(resource, request, kill, met)
            with self.store.lock:
                self._ask_the_rules(resource, request)
                outputs = self.package.changed(resource, request, before)
                after = dataclasses.replace(before, inputs=inputs, outputs=outputs)
                self.store.put(after)
            self._made(resource, request, after, kill, met)
        return after

    def delete(self, resource: Resource, id_: str, inputs: dict[str, Any], home: Home, kill: Kill) -> None:
        """Gone before is as good. Raises Rejected where it stays."""
        before = self.store.find(resource.type, id_)
        request = self._request(Operation.DELETE, resource, inputs, home, before, id_)
        with self._told(resource, request) as met:
            met.id = id_
            try:
                self._before(resource, request, kill, met)
            except Refused as error:
                if not self.package.lets_go(error.fault, home):
                    raise
                return
            with self.store.lock:
                if before is not None:
                    self._ask_the_rules(resource, request)
                self.store.remove(resource.type, id_)
            self._lose(Kind.KILLED_MADE, resource, request, kill, met)

    # ---- parts

    def _request(
        self,
        operation: Operation,
        resource: Resource,
        inputs: dict[str, Any],
        home: Home,
        before: Existing | None = None,
        id_: str | None = None,
    ) -> Request:
        return Request(
            operation=operation,
            type=resource.type,
            account=home.account,
            region=before.region if before else self.package.region_of(inputs, home),
            inputs=before.inputs if before and operation is Operation.DELETE else inputs,
            id=before.id if before else id_,
            before=before.outputs if before else {},
        )

    def _ask_the_rules(self, resource: Resource, request: Request) -> None:
        for rule in self.package.rules:
            if refusal := rule(request, self.store):
                raise Rejected(self.package.refused(resource, request, refusal))

    def _before(self, resource: Resource, request: Request, kill: Kill, met: _Met) -> None:
        for kind in BEFORE:
            if kind is Kind.THROTTLED:
                self._throttle(resource, request, met)
            elif fault := self._meet(kind, resource, request, met):
                if kind is Kind.KILLED_BEFORE:
                    kill()
                    raise AnswerLost("the Pulumi CLI was killed before the cloud was asked")
                raise Refused(self.package.failure(fault, resource, request), fault)

    def _throttle(self, resource: Resource, request: Request, met: _Met) -> None:
        for left in reversed(range(self.package.retries())):
            fault = self._meet(Kind.THROTTLED, resource, request, met)
            if fault is None:
                return
            if not left:
                raise Refused(self.package.failure(fault, resource, request), fault)

    def _made(self, resource: Resource, request: Request, thing: Existing, kill: Kill, met: _Met) -> None:
        for kind in MADE:
            if kind in (Kind.KILLED_MADE, Kind.ANSWER_LOST):
                self._lose(kind, resource, request, kill, met)
            elif fault := self._meet(kind, resource, request, met):
                raise NotReady(self.package.failure(fault, resource, request), thing)
        if self.realtime:
            time.sleep(self.package.usually(request))

    def _lose(self, kind: Kind, resource: Resource, request: Request, kill: Kill, met: _Met) -> None:
        if fault := self._meet(kind, resource, request, met):
            if kind is Kind.KILLED_MADE:
                kill()
                raise AnswerLost("the Pulumi CLI was killed after the cloud had done it")
            raise AnswerLost(self.package.failure(fault, resource, request))

    def _meet(self, kind: Kind, resource: Resource, request: Request, met: _Met) -> Fault | None:
        fault = self.faults.met(
            kind, request.operation, resource.type, resource.name, self.package.zones_of(request, self.store)
        )
        if fault:
            met.faults.append(kind.value)
        return fault

    @contextmanager
    def _told(self, resource: Resource, request: Request) -> Iterator[_Met]:
        """Into the timeline, however it ends."""
        met, began, outcome, message = _Met(), now(), "done", ""
        try:
            yield met
        except CloudError as error:
            outcome, message = _outcome(error), str(error)
            raise
        finally:
            self.timeline.add(
                Moment(
                    began=began.isoformat(),
                    ended=now().isoformat(),
                    operation=request.operation,
                    type=resource.type,
                    name=resource.name,
                    id=met.id,
                    outcome=outcome,
                    message=message,
                    faults=tuple(met.faults),
                    usually=self.package.usually(request),
                )
            )


def _outcome(error: CloudError) -> str:
    return next(word for kind, word in OUTCOMES.items() if isinstance(error, kind))

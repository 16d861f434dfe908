"""What must hold of a stack before anything is made of it: names that the objects can bear, and that do not clash."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from llmctl.serving.errors import ManifestError
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.network_policies import DEFAULT_DENY
from llmctl.serving.manifests.services import KNOWN_SUFFIX
from llmctl.serving.manifests.spec import StackSpec

TAKEN = frozenset({*(component.value for component in Component), DEFAULT_DENY})
"""Names of a stack's other Services, Deployments and policies."""

LONGEST_LABEL = 63
NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
"""What a Service may be called (RFC 1035)."""

LABEL = re.compile(r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")


def check(spec: StackSpec) -> None:
    """Raises ManifestError with the first thing that is wrong."""
    for mistake in _mistakes(spec):
        raise ManifestError(mistake)


def _mistakes(spec: StackSpec) -> Iterator[str]:
    if not spec.models:
        yield f"The stack {spec.stack} has no model; name at least one."
    if not LABEL.fullmatch(spec.stack):
        yield f"The stack's name {spec.stack!r} cannot be a label; letters, digits, - . _ and at most 63 are allowed."
    if spec.gateway.tls and not spec.tls_secret:
        yield f"The gateway of {spec.stack} has TLS and no certificate; name a Secret of type kubernetes.io/tls."
    yield from _names(spec)


def _names(spec: StackSpec) -> Iterator[str]:
    names = [model.name for model in spec.models]
    longest = LONGEST_LABEL - len(KNOWN_SUFFIX)
    for name in names:
        if not NAME.fullmatch(name) or len(name) > longest:
            yield f"No Service can be called {name!r}; a-z, 0-9 and -, a letter first, at most {longest} characters."
        if name in TAKEN:
            yield f"A model cannot be called {name}: the stack has another object of that name. Taken: {_taken()}."
        if name + KNOWN_SUFFIX in names:
            yield f"The models {name} and {name}{KNOWN_SUFFIX} clash: the first one has a Service of the second's name."
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{count} models are called {name}; every one needs a name of its own."


def _taken() -> str:
    return ", ".join(sorted(TAKEN))

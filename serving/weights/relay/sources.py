"""From the configuration to the table of files: one source for each model, with its own credentials only."""

from __future__ import annotations

from collections.abc import Mapping

from llmctl.serving.weights.configuration import WeightsConfiguration, variables_of
from llmctl.serving.weights.relay.app import Served
from llmctl.serving.weights.relay.bucket_source import BucketSource
from llmctl.serving.weights.relay.http_source import HubSource
from llmctl.serving.weights.relay.oci_source import OciSource
from llmctl.serving.weights.relay.source import Source
from llmctl.serving.weights.spec import SourceKind, Weights


def table_of(configuration: WeightsConfiguration, environ: Mapping[str, str]) -> Mapping[tuple[str, str], Served]:
    """(model, path) -> its source; models that the relay has nothing to do with (pvc, image) are left out."""
    table: dict[tuple[str, str], Served] = {}
    for name, weights in configuration.models.items():
        source = _source(weights, variables_of(weights, environ))
        if source is not None:
            table |= {(name, file.path): Served(source, file) for file in weights.files}
    return table


def _source(weights: Weights, variables: Mapping[str, str]) -> Source | None:
    match weights.kind:
        case SourceKind.HUB:
            return HubSource(weights, variables)
        case SourceKind.BUCKET:
            return BucketSource(weights, variables)
        case SourceKind.OCI:
            return OciSource(weights, variables)
        case SourceKind.PVC | SourceKind.IMAGE:
            return None

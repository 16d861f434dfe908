"""Behaviour: what callers and operators of an engine notice, in the same words for all, so that two can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Topic(StrEnum):
    """Where engines differ under the same setting, or with none."""

    QUEUE = "maxConcurrentRequests"
    BATCH = "maxBatchSize"
    PREFILL = "maxBatchPrefillTokens"
    CONTEXT = "maxTotalTokens"
    SPECULATION = "speculation"
    ADAPTERS = "adapters"
    QUANTIZATION = "quantization"
    MEMORY = "GPU memory"
    API_KEY = "API key"
    MODEL_NAME = "unknown model name"
    SAMPLING = "sampling parameters"
    CONSTRAINED = "constrained output"
    ERRORS = "errors"
    STREAM_ERRORS = "errors in streams"
    SILENCE = "silent streams"
    OTHER_ROUTES = "other routes"


class Purpose(StrEnum):
    """What a route is for."""

    CHAT = "chat"
    COMPLETION = "completion"
    RESPONSES = "responses"
    MESSAGES = "messages"
    TOKENS = "tokens of a text"
    CHAT_TOKENS = "tokens of a chat"
    TEXT = "text of tokens"
    MODELS = "list of models"
    LIMITS = "model and limits"
    HEALTH = "health"
    METRICS = "metrics"
    PAGES = "API pages"
    SAGEMAKER = "SageMaker"
    VERTEX = "Vertex AI"


class Knob(StrEnum):
    """What engineArgs are reached for most: no setting of ours, but a flag of several engines, under other names."""

    GPU_MEMORY = "share of GPU memory"
    CUDA_GRAPHS = "CUDA graphs"
    NO_PREFIX_CACHE = "prefix cache off"
    CHAT_TEMPLATE = "chat template"
    TRACES = "OpenTelemetry endpoint"
    FRONT_PROCESSES = "processes that tokenize"
    LOGPROBS = "alternatives per token"
    MODEL_CONFIG = "overrides of config.json"
    KV_BLOCK = "tokens of a KV block"
    CORS = "origins that browsers may come from"
    SEED = "random seed"
    REQUEST_LOG = "requests in the log"
    JSON_LOG = "log as JSON"
    SAMPLING_DEFAULTS = "where sampling defaults come from"


@dataclass(frozen=True, kw_only=True)
class Route:
    purpose: Purpose
    shape: str
    """Body and answer, in as many words as tell it from another engine's."""

    also: frozenset[Purpose] = frozenset()
    """What else it answers."""

    def serves(self, purpose: Purpose) -> bool:
        return purpose is self.purpose or purpose in self.also


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    meanings: Mapping[Topic, str]
    """What the topic means in this engine."""

    api: Mapping[str, Route]
    """METHOD /path -> what is there."""

    knobs: Mapping[Knob, str]
    """The engine's flag for it. Units and values differ from engine to engine."""

    metric_notes: Mapping[str, str] = field(default_factory=dict)
    """Word of Metrics.names -> labels and kind, where the name alone misleads."""

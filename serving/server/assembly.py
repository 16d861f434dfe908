"""The one place that puts the server together from a loaded engine."""

from __future__ import annotations

from llmctl.serving.server.api import Api
from llmctl.serving.server.chat import Served
from llmctl.serving.server.engine import Engine
from llmctl.serving.server.grammar import Grammars
from llmctl.serving.server.inference import Inference
from llmctl.serving.server.limits import Admission, Batch
from llmctl.serving.server.metrics import Metrics
from llmctl.serving.server.settings import BadSettings, Settings
from llmctl.serving.server.validation import Limits

TGI_VERSION = "3.3.7"


async def api_over(engine: Engine, settings: Settings) -> Api:
    """Warm the engine up and build what answers requests.

    Raises BadSettings where the model's context is smaller than --max-total-tokens, EngineFailed if it does not run.
    """
    properties = await engine.properties()
    context = properties["default_generation_settings"]["n_ctx"]
    if context < settings.max_total_tokens:
        raise BadSettings(f"--max-total-tokens is {settings.max_total_tokens}; this model allows up to {context}")
    metrics = Metrics(max_input_tokens=settings.max_input_tokens, max_total_tokens=settings.max_total_tokens)
    inference = Inference(
        engine=engine,
        vocabulary=await engine.vocabulary(),
        limits=_limits(settings),
        admission=Admission(settings.max_concurrent_requests),
        batch=Batch(settings.max_batch_size, metrics.queue_size, metrics.batch_size),
        grammars=Grammars(engine),
        metrics=metrics,
    )
    return Api(
        settings=settings,
        inference=inference,
        served=Served(settings.model_id, f"{TGI_VERSION}-native"),
        template_has_tools=bool(properties.get("chat_template_caps", {}).get("supports_tools")),
        info=_info(settings),
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        max_best_of=settings.max_best_of,
        max_stop_sequences=settings.max_stop_sequences,
        max_top_n_tokens=settings.max_top_n_tokens,
        max_input_tokens=settings.max_input_tokens,
        max_total_tokens=settings.max_total_tokens,
    )


def _info(settings: Settings) -> dict[str, object]:
    """TGI's /info. `router` says who really answers; `sha` and `docker_label` are TGI's build, so there is none."""
    return {
        "model_id": settings.model_id,
        "model_sha": settings.revision,
        "model_pipeline_tag": None,
        "max_concurrent_requests": settings.max_concurrent_requests,
        "max_best_of": settings.max_best_of,
        "max_stop_sequences": settings.max_stop_sequences,
        "max_input_tokens": settings.max_input_tokens,
        "max_total_tokens": settings.max_total_tokens,
        "validation_workers": 1,
        "max_client_batch_size": settings.max_client_batch_size,
        "router": "llmctl",
        "version": TGI_VERSION,
        "sha": None,
        "docker_label": None,
    }

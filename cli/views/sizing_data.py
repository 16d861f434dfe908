"""A sizing as data for programs: bytes, tokens, US dollars an hour."""

from __future__ import annotations

from datetime import date
from typing import Any

from llmctl.serving.hardware.prices import age
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.answer import Fit, Refusal, Sizing
from llmctl.serving.sizing.capability import EngineChoice
from llmctl.serving.sizing.cost import FORMULA
from llmctl.serving.sizing.explain import explain_fit


def sizing_data(
    facts: ModelFacts, sizing: Sizing, choice: EngineChoice, *, today: date, explain: bool
) -> dict[str, Any]:
    """`explain`: each fit with its terms."""
    fits = [_fit_data(fit, today) for fit in sizing.fits]
    if explain:
        for fit, data in zip(sizing.fits, fits, strict=True):
            data["terms"] = [vars(term) for term in explain_fit(facts, fit, sizing.load)]
    return {
        "model": _model_data(facts),
        "load": {**_load_data(sizing), "whyThisEngine": choice.why},
        "fits": fits,
        "refused": [_refusal_data(refusal) for refusal in sizing.refused],
    }


def _model_data(facts: ModelFacts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "revision": facts.revision,
        "parameters": facts.parameters,
        "activeParameters": facts.active_parameters,
        "weightBytes": facts.weight_bytes,
        "dtype": facts.dtype,
        "quantization": facts.quantization.method if facts.quantization else None,
        "maxContext": facts.max_context,
        "licence": facts.licence,
        "gated": facts.gated,
        "margin": facts.margin,
        "source": facts.source,
        "readOn": facts.read_on,
    }


def _load_data(sizing: Sizing) -> dict[str, Any]:
    load = sizing.load
    return {
        "engine": str(load.engine),
        "context": load.context,
        "concurrency": load.concurrency,
        "quantization": load.quantization,
        "kvCacheDtype": load.kv_cache_dtype,
    }


def _fit_data(fit: Fit, today: date) -> dict[str, Any]:
    memory = fit.memory
    return {
        "accelerator": fit.accelerator.name,
        "gpus": fit.gpus,
        "cloud": str(fit.machine.cloud),
        "machineType": fit.machine.name,
        "replicas": fit.replicas,
        "memoryPerGpu": {
            "weights": memory.weights,
            "kvCache": memory.kv_cache,
            "activations": memory.activations,
            "overhead": memory.overhead,
            "reserved": memory.reserved,
            "free": memory.free,
        },
        "kvTokens": memory.kv_tokens,
        "requests": memory.requests * fit.replicas,
        "maxBatchPrefillTokens": fit.prefill_tokens,
        "host": {
            "memory": fit.host.memory,
            "sharedMemory": fit.host.shared_memory,
            "disk": fit.host.disk,
            "cpus": fit.host.cpus,
        },
        "price": _price_data(fit, today),
        "estimate": _estimate_data(fit),
    }


def _price_data(fit: Fit, today: date) -> dict[str, Any]:
    """US dollars an hour of the machine."""
    price = fit.price
    return {
        "region": price.region,
        "onDemand": None if fit.machine.spot_only else price.on_demand,
        "spot": price.spot,
        "asOf": price.as_of.isoformat(),
        "ageDays": age(price, today),
        "source": price.source,
    }


def _estimate_data(fit: Fit) -> dict[str, Any] | None:
    """What the roofline says; null where the GPU's speed in the model's numbers is not known."""
    speed, dollars = fit.throughput, fit.dollars_per_million
    if speed is None or dollars is None:
        return None
    return {
        "prefillTokensPerSecond": round(speed.prefill),
        "decodeTokensPerSecond": round(speed.decode),
        "batch": speed.batch,
        "dollarsPerMillionTokens": round(dollars, 3),
        "formula": FORMULA,
    }


def _refusal_data(refusal: Refusal) -> dict[str, Any]:
    return {
        "accelerator": refusal.machine.accelerator,
        "gpus": refusal.gpus,
        "cloud": str(refusal.machine.cloud),
        "machineType": refusal.machine.name,
        "reason": refusal.reason,
        "fitsWith": refusal.change,
    }

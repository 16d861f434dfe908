"""The weights of a model by formula: what each part of each layer holds, from the fields of config.json.

A matrix of n inputs and m outputs counts n * m. Formulas: the modules of huggingface/transformers
(`modeling_<model_type>.py`); the tests hold them against published totals.
"""

from __future__ import annotations

from llmctl.serving.models.config.architectures import Architecture
from llmctl.serving.models.config.attention import attention
from llmctl.serving.models.config.feed_forward import feed_forward, sides
from llmctl.serving.models.config.fields import Fields
from llmctl.serving.models.config.layers import Kind
from llmctl.serving.models.config.part import Part
from llmctl.serving.models.config.vision import vision_parameters


def parts(fields: Fields, text: Fields, architecture: Architecture, kinds: tuple[Kind, ...], tied: bool) -> list[Part]:
    """Every part of the model. `fields` is the whole config.json, `text` its language model."""
    hidden = text.count("hidden_size")
    matrix = text.count("vocab_size") * hidden
    found = [Part(module="model.embed_tokens", other=matrix), Part(module="model.norm", other=hidden)]
    if not tied:
        found.append(Part(module="lm_head", other=matrix))
    for (kind, dense, routed), layers in _alike(text, kinds).items():
        found += [part.within(layers) for part in _layer(text, architecture, kind, dense, routed)]
    found += _per_layer_embeddings(text, len(kinds))
    found += _multi_token_prediction(text, architecture, len(kinds))
    if vision := vision_parameters(fields.inner("vision_config"), hidden):
        found.append(Part(module="model.visual", other=vision).idle)
    return found


def _alike(text: Fields, kinds: tuple[Kind, ...]) -> dict[tuple[Kind, bool, bool], tuple[int, ...]]:
    """Layers by what they are made of: a model of 80 layers has one to four sorts."""
    found: dict[tuple[Kind, bool, bool], tuple[int, ...]] = {}
    for index, kind in enumerate(kinds):
        sort = (kind, *sides(text, index))
        found[sort] = (*found.get(sort, ()), index)
    return found


def _layer(text: Fields, architecture: Architecture, kind: Kind, dense: bool, routed: bool) -> list[Part]:
    norms = Part(module="model.layers.{}.norm", other=architecture.layer_norms * text.count("hidden_size"))
    return [norms, *attention(text, architecture, kind), *feed_forward(text, architecture, dense, routed)]


def _per_layer_embeddings(text: Fields, layers: int) -> list[Part]:
    """Gemma 3n and the small Gemma 4: an embedding for every layer, and its projections."""
    width = text.number("hidden_size_per_layer_input")
    if not width:
        return []
    hidden = text.count("hidden_size")
    table = text.count("vocab_size_per_layer_input") * layers * width
    projections = layers * (3 * hidden * width + hidden) + width
    return [Part(module="model.embed_tokens_per_layer", other=table + projections)]


def _multi_token_prediction(text: Fields, architecture: Architecture, layers: int) -> list[Part]:
    """Layers that guess tokens ahead: one more layer each, with the projection that joins two inputs.

    DeepSeek stores embedding and head again with each (README of DeepSeek-V3: 14B beside the 671B), the others do not.
    """
    names = ("num_nextn_predict_layers", "mtp_num_hidden_layers")
    if not text.number(*names):
        return []
    count = text.layers(*names)
    hidden = text.count("hidden_size")
    copies = 2 * text.count("vocab_size") * hidden if architecture.prediction_embeddings else 0
    joining = Part(module="model.layers.{}.eh_proj", other=2 * hidden * hidden + 3 * hidden + copies)
    numbers = tuple(range(layers, layers + count))
    found = [joining, *_layer(text, architecture, "full", *sides(text, layers))]
    return [part.within(numbers).idle for part in found]

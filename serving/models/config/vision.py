"""Weights of the image tower of a multimodal model: a vision transformer and its projector."""

from __future__ import annotations

from llmctl.serving.models.config.fields import Fields


def vision_parameters(vision: Fields, text_hidden: int) -> int:
    """About how many; 0 without a tower. Towers differ in details this does not know, and are 1 to 3 % of a model.

    A layer: four attention matrices, two of the feed-forward part, their biases, two norms with bias.
    """
    if not vision.values:
        return 0
    hidden = vision.count("hidden_size", "vt_hidden_size", "embed_dim")
    layers = vision.count("num_hidden_layers", "depth", "vt_num_hidden_layers")
    width = vision.count("intermediate_size", "vt_intermediate_size", default=4 * hidden)
    layer = 4 * hidden * hidden + 2 * hidden * width + 9 * hidden + width
    patch = vision.number("temporal_patch_size", default=1) * 3 * vision.count("patch_size", default=14) ** 2 * hidden
    positions = vision.number("num_position_embeddings") * hidden
    return layers * layer + patch + positions + _projector(vision, hidden, text_hidden)


def _projector(vision: Fields, hidden: int, text_hidden: int) -> int:
    merge = vision.number("spatial_merge_size")
    if not merge:
        return hidden * text_hidden
    merged = hidden * merge * merge  # patches joined before two matrices; once more for every deepstack layer
    return (1 + len(vision.items("deepstack_visual_indexes"))) * (merged * merged + merged * text_hidden)

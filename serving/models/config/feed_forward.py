"""Weights of one layer's feed-forward part: dense, or routed experts with or without a shared one."""

from __future__ import annotations

from dataclasses import dataclass

from llmctl.serving.models.config.architectures import Architecture
from llmctl.serving.models.config.fields import Fields
from llmctl.serving.models.config.layers import hybrid_pattern
from llmctl.serving.models.config.part import Part

EXPERTS = ("n_routed_experts", "num_experts", "num_local_experts")
ACTIVE = ("num_experts_per_tok", "experts_per_token", "top_k_experts", "moe_topk")


@dataclass(frozen=True, kw_only=True)
class Experts:
    """Routed experts; `count` is 0 for a dense model."""

    count: int
    active: int
    width: int
    """Intermediate size of one."""


def experts(text: Fields) -> Experts:
    """Raises ModelError where the number of active ones is missing, or larger than that of all."""
    count = text.number(*EXPERTS)
    if not count:
        return Experts(count=0, active=0, width=0)
    active = text.count(*ACTIVE)
    if active > count:
        text.refuse(f"{active} experts per token and has {count}")
    return Experts(count=count, active=active, width=text.count("moe_intermediate_size", "intermediate_size"))


def feed_forward(text: Fields, architecture: Architecture, dense: bool, routed: bool) -> list[Part]:
    """Parts of the feed-forward side of one layer; none for a layer that has only attention."""
    layer = "model.layers.{}"
    found = []
    if dense:
        width = text.count("intermediate_size_mlp", "intermediate_size")
        bias = text.flag("mlp_bias", default=False)
        matrices = _matrices(text)
        hidden = text.count("hidden_size")
        other = ((matrices - 1) * width + hidden) * bias
        found.append(Part(module=f"{layer}.mlp.down_proj", linear=matrices * hidden * width, other=other))
    if routed:
        found += _mixture(text, architecture, layer)
    return found


def _matrices(text: Fields) -> int:
    """Of one feed-forward part: gate, up and down; no gate with squared ReLU (Nemotron)."""
    activation = text.word("mlp_hidden_act") or text.word("hidden_act")
    return 2 if activation == "relu2" else 3


def sides(text: Fields, index: int) -> tuple[bool, bool]:
    """Whether layer `index` has a dense feed-forward part, and whether it has experts."""
    if pattern := hybrid_pattern(text):
        letter = pattern[index] if index < len(pattern) else "E"
        return letter == "-", letter == "E"
    if not text.number(*EXPERTS):
        return True, False
    if text.flag("enable_moe_block", default=False):
        return True, True
    routed = index >= text.number("first_k_dense_replace") and index not in text.items("mlp_only_layers")
    if isinstance(text.values.get("moe_layer_freq"), list):  # 0 or 1 per layer (MiMo, MiniMax-M3)
        routed = index >= len(text.items("moe_layer_freq")) or bool(text.items("moe_layer_freq")[index])
        return not routed, routed
    step = text.number("decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_freq", default=1) or 1
    routed = routed and (index + 1) % step == 0
    return not routed, routed


def _mixture(text: Fields, architecture: Architecture, layer: str) -> list[Part]:
    hidden, mixture = text.count("hidden_size"), experts(text)
    matrices = _matrices(text)
    latent = text.number("moe_latent_size")  # experts work on a narrower vector (Nemotron 3)
    one = matrices * (latent or hidden) * mixture.width
    bias = (2 * mixture.width + hidden) * architecture.expert_bias
    beside_dense = text.flag("enable_moe_block", default=False)
    router = hidden * mixture.count + mixture.count * architecture.router_bias
    found = [
        Part(
            module=f"{layer}.experts.0.down_proj" if beside_dense else f"{layer}.mlp.experts.0.down_proj",
            linear=mixture.count * one,
            other=mixture.count * bias,
            active=mixture.active / mixture.count,
        ),
        Part(module=f"{layer}.mlp.gate", other=router),
    ]
    if latent:
        found.append(Part(module=f"{layer}.mixer.fc1_latent_proj", linear=2 * hidden * latent))
    if shared := _shared_width(text, mixture):
        gate = hidden * architecture.shared_gate
        module = f"{layer}.mlp.shared_experts.down_proj"
        found.append(Part(module=module, linear=matrices * hidden * shared, other=gate))
    return found


def _shared_width(text: Fields, mixture: Experts) -> int:
    """Intermediate size of the shared experts together; 0: there is none."""
    named = text.number("moe_shared_expert_intermediate_size", "shared_expert_intermediate_size")
    if named or text.has("shared_intermediate_size"):
        return named or text.number("shared_intermediate_size")
    if text.word("model_type") == "llama4_text":  # always one, not in config.json
        return mixture.width
    return text.number("n_shared_experts", "num_shared_experts") * mixture.width

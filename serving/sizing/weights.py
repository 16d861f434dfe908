"""Bytes of a model's weights on each GPU of a tensor-parallel replica."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from llmctl.serving.errors import SizingError
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.expert_kernels import ExpertKernel
from llmctl.serving.spec import EngineName

ON_THE_FLY: Mapping[str, float] = MappingProxyType(
    {
        # One byte per weight; a scale per output row or tensor is under a thousandth of that.
        "fp8": 1.0,
        "eetq": 1.0,
        "bitsandbytes": 1.0,
        # 4 bits, plus per block of 64 weights one byte of scale, plus four bytes per 256 of those scales:
        # both engines ask bitsandbytes for compressed statistics.
        "bitsandbytes-nf4": 0.5 + 1 / 64 + 4 / (64 * 256),
        "bitsandbytes-fp4": 0.5 + 1 / 64 + 4 / (64 * 256),
    }
)
"""Bytes per weight of what an engine makes of 16-bit weights while it loads them.

Sources: bitsandbytes' block size of 64 and TGI's server/text_generation_server/layers/bnb.py
(compress_statistics=True); one byte a weight for fp8, eetq and bitsandbytes.
"""


def weight_bytes(facts: ModelFacts, quantization: str | None) -> int:
    """All weights of the model as they lie in GPU memory, one copy.

    What is stored quantized stays as it is stored. What is stored in 16 or 32 bits is counted in 16 bits, or, with a
    `quantization` of ON_THE_FLY, its linear layers in that; embeddings and output head keep 16 bits, as
    none of the engines quantizes them. Raises SizingError for a quantization that only the stored weights can have.
    """
    if quantization is None or (facts.quantization is not None and stored_as(facts, quantization)):
        return facts.weight_bytes if facts.quantization is not None else 2 * facts.parameters
    if facts.quantization is not None:
        raise SizingError(
            f"{facts.id} is stored as {facts.quantization.method}; it cannot be loaded as {quantization}. "
            "Leave the quantization out, or name a model that is stored otherwise."
        )
    per_weight = ON_THE_FLY.get(quantization)
    if per_weight is None:
        raise SizingError(
            f"{facts.id} is stored as {facts.dtype}, and {quantization} needs weights that are stored so. Name a model "
            f"that is, or one of {', '.join(ON_THE_FLY)}, which are made while loading."
        )
    sixteen_bit = embedding_parameters(facts)
    return int(per_weight * (facts.parameters - sixteen_bit)) + 2 * sixteen_bit


def stored_as(facts: ModelFacts, quantization: str) -> bool:
    """Whether the word the user wrote means how the weights are stored.

    marlin is a kernel for gptq and awq. Of a GGUF the word (Q4_K_M) says which file is meant; llama.cpp holds it
    against the file's name.
    """
    stored = facts.quantization
    if stored is None:
        return False
    if stored.method == "gguf":
        return True
    kernels = {"marlin", "gptq_marlin", "awq_marlin"}
    return stored.method == quantization or (quantization in kernels and stored.method in {"gptq", "awq"})


def embedding_parameters(facts: ModelFacts) -> int:
    """Numbers in the input embedding and, unless it is the same matrix, in the output head."""
    return facts.vocabulary * facts.hidden_size * (1 if facts.tied_embeddings else 2)


def replicated_bytes(facts: ModelFacts, gpus: int) -> int:
    """Bytes per GPU that tensor parallelism does not divide, beyond its even share: key and value projections.

    With more GPUs than KV heads every GPU keeps a whole head. With latent attention the projection to the latent
    vector is kept by each (vLLM 0.33.0, layers/mla.py: ReplicatedLinear); counted at 16 bits.
    """
    if facts.latent_attention is not None:
        down = facts.kv_layers * facts.hidden_size * facts.latent_attention.width
        return int(2 * down * (1 - 1 / gpus))
    copies = max(1.0, gpus / facts.kv_heads)
    projections = 2 * facts.kv_layers * facts.hidden_size * facts.kv_heads * facts.head_dim
    return int(2 * projections * (copies - 1) / gpus)


def weights_per_gpu(
    facts: ModelFacts, quantization: str | None, gpus: int, engine: EngineName, kernel: ExpertKernel | None = None
) -> int:
    """Bytes on the fullest GPU. llama.cpp splits whole layers, so one GPU may hold a layer more than its share."""
    total = weight_bytes(facts, quantization)
    if engine is EngineName.LLAMACPP and gpus > 1:
        return -(-facts.layers // gpus) * total // facts.layers
    filled_up = kernel.growth(facts, gpus) if kernel else 0
    return total // gpus + replicated_bytes(facts, gpus) + filled_up


def loaded_twice(facts: ModelFacts, gpus: int, engine: EngineName) -> int:
    """Bytes per GPU of a tied embedding that TGI keeps twice: its layers load embedding and head each for themselves
    (server/text_generation_server/layers/tensor_parallel.py, read at 3.3.7). 0 elsewhere."""
    if engine is not EngineName.TGI or not facts.tied_embeddings:
        return 0
    return 2 * facts.vocabulary * facts.hidden_size // gpus

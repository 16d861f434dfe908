"""What the weight files of a repository say of themselves: bytes, dtype, and the number of parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from llmctl.serving.errors import ModelDamaged, ModelNotFound
from llmctl.serving.models.checkout import Checkout, read_json
from llmctl.serving.models.config.facts_of import Dtype, Stored

INDEX = "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth")
DTYPES: dict[str, Dtype] = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
"""Names of safetensors; whatever else is in a file is quantized."""


def stored(files: Checkout) -> Stored:
    """Of the index, or of the header where the model is one file. Raises ModelNotFound where there are no weights.

    Counted are only files in the root of the repository, and of them not `consolidated*`: Mistral's own format of the
    same weights.
    """
    weights = {name: size for name, size in files.sizes.items() if _is_weights(name)}
    if INDEX in files.sizes:
        return _indexed(files, read_json(files, INDEX))
    if len(weights) == 1:
        return _headed(files, next(iter(weights)))
    if weights:
        return Stored(weight_bytes=sum(weights.values()), weights_format="safetensors")
    pickles = sum(size for name, size in files.sizes.items() if name.endswith(PICKLES))
    if pickles:
        return Stored(weight_bytes=pickles, weights_format="pickle")
    raise ModelNotFound(_no_weights(files))


def only_gguf(names: Iterable[str]) -> bool:
    """Whether there are GGUF files, in subdirectories too, and in the root no weights of another kind."""
    listed = list(names)
    others = [name for name in listed if "/" not in name and (_is_weights(name) or name.endswith((INDEX, *PICKLES)))]
    return not others and any(name.lower().endswith(".gguf") for name in listed)


def _is_weights(name: str) -> bool:
    return name.endswith(".safetensors") and not name.startswith(("consolidated", "adapter_"))


def _indexed(files: Checkout, index: Mapping[str, Any]) -> Stored:
    metadata, shards = index.get("metadata") or {}, index.get("weight_map")
    if not isinstance(shards, dict) or not isinstance(metadata, dict):
        raise ModelDamaged(f"{INDEX} of {files.name} has no weight_map. Get the file again.")
    size = metadata.get("total_size")
    if not isinstance(size, int | float) or size <= 0:
        size = sum(files.sizes.get(str(name), 0) for name in set(shards.values()))
    parameters = metadata.get("total_parameters")
    known = parameters if isinstance(parameters, int) and parameters > 0 else None
    return Stored(weight_bytes=int(size) or None, parameters=known, weights_format="safetensors")


def _headed(files: Checkout, name: str) -> Stored:
    header = files.safetensors_header(name)
    size = sum(end - start for start, end in (t.data_offsets for t in header.tensors.values()))
    counts = Counter({str(dtype): count for dtype, count in header.parameter_count.items()})
    plain = set(counts) <= set(DTYPES)
    return Stored(
        weight_bytes=size,
        parameters=counts.total() if plain else None,
        dtype=_commonest(counts),
        weights_format="safetensors",
    )


def _commonest(counts: Counter[str]) -> Dtype | None:
    """Of the plain numbers: in a quantized file they are what was left as it was."""
    found = [DTYPES[name] for name, _ in counts.most_common() if name in DTYPES]
    return found[0] if found else None


def _no_weights(files: Checkout) -> str:
    ggufs = sorted(name for name in files.sizes if name.lower().endswith(".gguf"))
    if ggufs:
        listed = ", ".join(ggufs[:5]) + (", …" if len(ggufs) > 5 else "")
        return (
            f"{files.name} holds only GGUF files, of which llama.cpp reads one: {listed}. "
            f"Give the path of the one you mean as the model."
        )
    return (
        f"{files.name} has no weights: no .safetensors and no {', '.join(PICKLES)} in its root. "
        f"Name the repository that holds them."
    )

"""Which GGUF file of a repository is meant: pure decisions over file names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from llmctl.serving.errors import ModelNotFound
from llmctl.serving.models.gguf_parts import is_split, joined, parts_of

DEFAULT_ORDER = ("Q4_K_M", "Q4_K_S", "Q4_0", "Q4_1", "Q5_K_M", "Q5_K_S", "Q6_K", "Q8_0", "BF16", "F16")
"""What is taken when no quantization is asked for, first come first. Q4_K_M leads because it is what llama.cpp itself
and most publishers take as the middle between size and quality; after it the next larger ones."""

_LABEL = re.compile(r"(?:^|[-._/])(I?Q\d\w*|TQ\d_\d|MXFP4\w*|NVFP4|BF16|FP?16|FP?32)(?=[-.]|$)", re.IGNORECASE)
_NOT_A_MODEL = re.compile(r"mmproj|imatrix", re.IGNORECASE)
"""Companions of a model: the projector for images, and the statistics a quantization was made with."""


def choose(filenames: Iterable[str], quantization: str | None, *, repository: str) -> str:
    """The one file of these that holds the model. Raises ModelNotFound that lists what there is."""
    names = list(filenames)
    candidates = _candidates(names)
    if not candidates:
        raise ModelNotFound(_no_gguf(names, repository))
    wanted = [_same_label(quantization)] if quantization else _default(candidates)
    for label in wanted:
        matching = [name for name in candidates if label_of(name) == label]
        if matching:
            return _the_only(matching, label, candidates, repository)
    if not quantization and len(candidates) == 1:
        return _the_only(candidates, "only", candidates, repository)
    asked = f"no {quantization} file" if quantization else "no file of a usual quantization"
    raise ModelNotFound(f"{repository} has {asked}; set the quantization to one of: {_labels(candidates)}.")


def choose_parts(filenames: Iterable[str], quantization: str | None, *, repository: str) -> tuple[str, ...]:
    """What `choose` takes; where that is only there in parts, all of them in order. Raises ModelNotFound."""
    names = set(filenames)
    whole = {name for name in names if not is_split(name)}
    labels = {label_of(name) for name in _candidates(whole)}
    if labels & set([_same_label(quantization)] if quantization else DEFAULT_ORDER):
        return (choose(whole, quantization, repository=repository),)
    # Sorted, so that where a file is there both whole and in parts, the whole one comes last and stays.
    models = {joined(name): parts_of(name) for name in sorted(names)}
    parts = models[choose(models, quantization, repository=repository)]
    if missing := [part for part in parts if part not in names]:
        raise ModelNotFound(f"{repository} lacks {missing[0]}, one of {len(parts)} parts of a model. Choose another.")
    return parts


def label_of(filename: str) -> str | None:
    """The quantization a file name states, in capitals: `x-q4_k_m.gguf` and `x.Q4_K_M.gguf` are Q4_K_M."""
    stem = PurePosixPath(joined(filename)).stem
    labels = _LABEL.findall(stem)
    return _same_label(labels[-1]) if labels else None


def _candidates(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.lower().endswith(".gguf") and not _NOT_A_MODEL.search(name)]


def _default(candidates: Sequence[str]) -> Sequence[str]:
    """Whole files first: a smaller quantization in parts must not hide a larger one that can be used."""
    whole = {label_of(name) for name in candidates if not is_split(name)}
    return [label for label in DEFAULT_ORDER if label in whole] or DEFAULT_ORDER


def _the_only(matching: Sequence[str], label: str, candidates: Sequence[str], repository: str) -> str:
    whole = [name for name in matching if not is_split(name)]
    if not whole:
        raise ModelNotFound(
            f"{repository} has its {label} file split in {len(matching)} parts ({matching[0]}, …), which cannot be "
            f"fetched. Take a quantization in one file ({_labels(candidates)}), or join the parts with "
            f"llama-gguf-split --merge and give the path."
        )
    if len(whole) > 1:
        raise ModelNotFound(
            f"{repository} has several {label} files: {', '.join(sorted(whole))}. Download the one you mean with "
            f"'hf download {repository} FILE' and give its path as the model."
        )
    return whole[0]


def _labels(candidates: Sequence[str]) -> str:
    labels = {label_of(name) or name for name in candidates if not is_split(name)}
    return ", ".join(sorted(labels)) or "none is in one file"


def _same_label(label: str) -> str:
    return re.sub(r"^FP(?=16|32)", "F", label.upper())


def _no_gguf(names: Sequence[str], repository: str) -> str:
    kinds = sorted({PurePosixPath(name).suffix for name in names if PurePosixPath(name).suffix})
    return (
        f"{repository} has no GGUF file (it has {', '.join(kinds) or 'no files'}); llama.cpp reads only GGUF. "
        f"Look for a GGUF conversion of it on the Hub, often named {repository.split('/')[-1]}-GGUF."
    )

"""The last words of engines, and what is made of them."""

from __future__ import annotations

import pytest

from llmctl.serving.engines.failures import engine_failure

SAID = {
    "ValueError: To serve at least one request with the model's max seq len (32768), (3.01 GiB KV cache is needed, "
    "which is larger than the available KV cache memory (2.6 GiB).": (
        "one request of 32768 tokens needs 3.01 GiB of KV cache, and 2.6 GiB are there"
    ),
    "ValueError: No available memory for the cache blocks.": "the weights leave no memory of the GPU for a KV cache",
    "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.": (
        "the weights leave no memory of the GPU for a KV cache"
    ),
    "Not enough memory to handle 4096 prefill tokens": "the GPU has no room for a prefill step of 4096 tokens",
    "Not enough memory to handle `max_total_tokens=8192`": "the GPU has no room for one request of 8192 tokens",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB": "the GPU's memory is full",
    "llama_model_load: error loading model: unable to allocate CUDA0 buffer": (
        "the weights and the KV cache do not fit into the GPU's memory"
    ),
    "error loading model: unknown model architecture: 'x'": "llama.cpp has no code for 'x'",
    "couldn't bind HTTP server socket, hostname: 0.0.0.0, port: 8033": "the engine cannot listen on its port",
    "AssertionError: Each process is one gpu": "the container sees fewer GPUs than the model is split over",
}


@pytest.mark.parametrize(("line", "sentence"), SAID.items())
def test_a_known_line_is_told_in_one_sentence(line: str, sentence: str) -> None:
    failure = engine_failure(["INFO starting", line, "INFO bye"])
    assert failure
    assert (failure.sentence, failure.line) == (sentence, line)


def test_a_line_that_nobody_knows_is_no_failure() -> None:
    assert engine_failure(["INFO starting", "it ended oddly"]) is None

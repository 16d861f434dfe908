"""How many bytes a tensor of a GGUF file takes, by its type."""

from __future__ import annotations

BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    30: (1, 2),
    28: (1, 8),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),  # plain numbers
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),  # Q4_0 to Q8_0
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),  # Q2_K to Q8_K
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),  # IQ2 to IQ3
    22: (256, 82),
    23: (256, 136),
    29: (256, 56),  # IQ2_S, IQ4_XS, IQ1_M
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
    40: (64, 36),
    41: (128, 18),  # TQ1_0, TQ2_0, MXFP4, NVFP4, Q1_0
}
"""Tensor type -> (elements in a block, bytes of a block). Source: ggml, the type traits in ggml.c."""


def tensor_bytes(kind: int, elements: int) -> int:
    """0 for a newer type, whose length is not known."""
    per_block, block = BLOCKS.get(kind, (1, 0))
    return -(-elements // per_block) * block

"""Part: some weights of a model that are stored alike and used alike, in one layer or in many that are the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Part:
    """A module and how many weights it has in each of its layers."""

    module: str
    """Path as the lists of unquantized modules name it, {} for the layer: model.layers.{}.self_attn.o_proj."""

    linear: int = 0
    """Weights of its linear layers: what a quantization covers."""

    other: int = 0
    """The rest: embeddings, norms, biases, routers, convolutions, the image tower. Stays in 16 bits."""

    active: float = 1.0
    """Share of them that takes part in one token."""

    layers: tuple[int, ...] = (0,)
    """Numbers of the layers that have it; one, whatever its number, for what lies outside the layers."""

    @property
    def parameters(self) -> int:
        """In all its layers."""
        return (self.linear + self.other) * len(self.layers)

    def within(self, layers: tuple[int, ...]) -> Self:
        return replace(self, layers=layers)

    @property
    def idle(self) -> Self:
        """The same weights, of which none takes part in a token."""
        return replace(self, active=0.0)

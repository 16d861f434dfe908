"""The names of a stack's resources in AWS: known before anything is made, so that policies can name exact ARNs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from llmctl.infra.aws.place import Place

PREFIX = "llmctl"
HASH_DIGITS = 8
PLACE_CHARACTERS = 29
"""Of an account, the longest name of a region (ap-southeast-1, 14), and what stands between."""


@dataclass(frozen=True)
class Names:
    """Same stack, same place: same names. Two projects with stacks of one name in one account do not go together."""

    stack: str
    place: Place

    def of(self, purpose: str, *, most: int = 64) -> str:
        """`llmctl-STACK-PURPOSE`, at most `most` characters (64: an IAM role); a long one is cut and ends in a hash."""
        return _fitted(f"{PREFIX}-{self.stack}-{purpose}".lower(), most)

    def bucket(self, purpose: str) -> str:
        """Of S3, where names are shared by the whole world: with account and region, at most 63 characters."""
        ours = _fitted(
            f"{PREFIX}-{self.stack}-{purpose}".lower().replace("_", "-").replace(".", "-"), 63 - PLACE_CHARACTERS
        )
        return f"{ours}-{self.place.account}-{self.place.region}"

    def hyphened(self, purpose: str, *, most: int = 32) -> str:
        """With letters, digits and hyphens only (32: a load balancer or target group)."""
        return _fitted(f"{PREFIX}-{self.stack}-{purpose}".lower().replace("_", "-").replace(".", "-"), most)

    @property
    def cluster(self) -> str:
        return self.of("cluster")


def _fitted(name: str, most: int) -> str:
    if len(name) <= most:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:HASH_DIGITS]
    return f"{name[: most - HASH_DIGITS - 1].rstrip('-')}-{digest}"

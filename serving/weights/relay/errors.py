"""Why bytes do not come.

UpstreamError
├── UpstreamRefused   the source says no, or sends one where the relay does not go; asking again does not help
└── UpstreamBroke     it does not answer, or not to the end; asking again may
"""

from __future__ import annotations


class UpstreamError(Exception):
    """One line, with the source's host and never its address in full: that may be signed."""


class UpstreamRefused(UpstreamError):
    pass


class UpstreamBroke(UpstreamError):
    def __init__(self, message: str, *, wait: float = 0.0) -> None:
        """`wait`: seconds that the source asked for."""
        super().__init__(message)
        self.wait = wait

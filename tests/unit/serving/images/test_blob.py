from __future__ import annotations

import hashlib

import pytest

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.blob import verified
from llmctl.serving.images.manifest import Descriptor

CONTENT = b"one" + b"two"
LAYER = Descriptor(media_type="x", digest="sha256:" + hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))


def test_the_last_piece_waits_until_the_whole_is_known_to_be_right() -> None:
    pieces = iter([b"one", b"two"])
    passed = verified(pieces, LAYER, "a registry")
    assert next(passed) == b"one"
    assert list(pieces) == [], "the second was read before the first went on"
    assert list(passed) == [b"two"]


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    pieces = iter([b"one", b"two", b"three", b"four"])
    with pytest.raises(RegistryError, match="a registry sends more bytes"):
        list(verified(pieces, LAYER, "a registry"))
    assert next(pieces) == b"four"

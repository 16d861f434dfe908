"""Tokens with their place in the text, for /tokenize and /chat_tokenize."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llmctl.serving.server.tokens import Vocabulary


def tokens_of(ids: Sequence[int], text: str, vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """`{id, text, start, stop}` of each token; start and stop count UTF-8 bytes of `text`.

    A control token that the tokenizer added is not in the text: its start and stop are the same.
    """
    data = text.encode()
    shown, at = [], 0
    for id_ in ids:
        piece = vocabulary.names[id_].encode() if vocabulary.special(id_) else vocabulary.pieces[id_]
        # A leading blank that the tokenizer made up (SentencePiece) is not in the text either.
        piece = piece if data.startswith(piece, at) else piece.lstrip()
        stop = at + len(piece) if data.startswith(piece, at) else at
        shown.append({"id": id_, "text": data[at:stop].decode("utf-8", "replace"), "start": at, "stop": stop})
        at = stop
    return shown

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.server.tokens import UNKNOWN, StopSearch, Vocabulary

BYTES = Vocabulary([b"", *(bytes([value]) for value in range(256))], {0: "<|end|>"})
"""Every byte is a token: the most splits there can be. Id of a byte: its value + 1."""

EMOJI = "😀".encode()
SMOL = Vocabulary([b"", EMOJI[:2], EMOJI[2:3], EMOJI[3:], EMOJI[:3], b"x"], {0: "<|end|>"})


@given(st.characters(min_codepoint=0x80, codec="utf-8"))
def test_a_character_split_into_bytes_is_found_again(character: str) -> None:
    data = character.encode()
    assert BYTES.ids(data, data[-1] + 1, len(data)) == [byte + 1 for byte in data]


def test_the_number_of_tokens_decides_between_two_ways() -> None:
    assert SMOL.ids(EMOJI, 3, 3) == [1, 2, 3]
    assert SMOL.ids(EMOJI, 3, 2) == [4, 3]


def test_a_whole_token_is_itself() -> None:
    assert SMOL.ids(b"x", 5, 1) == [5]


def test_what_cannot_be_found_is_unknown_but_counted() -> None:
    assert SMOL.ids(b"\xe5\xad\x97", 5, 3) == [UNKNOWN, UNKNOWN, 5]


def test_control_tokens_have_a_name_and_are_special() -> None:
    assert SMOL.special(0)
    assert not SMOL.special(5)
    assert (SMOL.text(0), SMOL.text(5)) == ("<|end|>", "x")


@given(
    st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=3),
    st.lists(st.text("abc", max_size=3), max_size=8),
)
def test_the_first_stop_is_found_as_soon_as_it_is_whole(sequences: list[str], pieces: list[str]) -> None:
    search, text = StopSearch(tuple(sequences)), ""
    for piece in pieces:
        text += piece
        ends = [text.find(s) + len(s) for s in sequences if s in text]
        found = search.end(text, len(piece))
        assert found == min(ends, default=None)
        if found is not None:
            return

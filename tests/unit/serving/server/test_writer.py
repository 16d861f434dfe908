"""The writer on scripted events of llama.cpp."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.server.engine import Event, Finished, Prefill, Sampled
from llmctl.serving.server.steps import End, Step
from llmctl.serving.server.tokens import StopSearch, Vocabulary
from llmctl.serving.server.writer import Writer

VOCABULARY = Vocabulary([b"", *(bytes([value]) for value in range(256))], {0: "<|end|>"})
END_OF_TEXT = 0


def writer(**fields: Any) -> Writer:
    ticks = iter(range(100, 1000))
    defaults: dict[str, Any] = {
        "vocabulary": VOCABULARY,
        "stop": StopSearch(()),
        "input_tokens": 5,
        "max_new_tokens": 50,
        "top_n_tokens": 0,
        "seed": None,
        "arrived": 1.0,
        "queued": 2.0,
        "clock": lambda: float(next(ticks)),
    }
    return Writer(**{**defaults, **fields})


def spoken(text: str) -> list[Event]:
    """As llama.cpp streams a text of byte tokens: a character comes with its last byte."""
    events: list[Event] = [Prefill()]
    position = 0
    for character in text:
        data = character.encode()
        position += len(data)
        events.append(Sampled(data[-1] + 1, data, -0.5, ((data[-1] + 1, -0.5),), position))
    return events


def ended_by_the_model(events: list[Event]) -> list[Event]:
    position = max((event.position for event in events if isinstance(event, Sampled)), default=0) + 1
    return [*events, Sampled(END_OF_TEXT, b"", -0.1, (), position), Finished(at_limit=False, generated=position)]


def written(events: list[Event], **fields: Any) -> tuple[list[Step], End]:
    state, steps = writer(**fields), list[Step]()
    for event in events:
        steps += state.steps(event)
        if state.ended:
            break
    last = steps[-1].end
    assert last is not None
    assert [step.end for step in steps[:-1]] == [None] * (len(steps) - 1), "only the last step has an end"
    return steps, last


@given(st.text(max_size=12))
def test_every_token_is_a_step_and_no_text_is_broken(text: str) -> None:
    steps, end = written(ended_by_the_model(spoken(text)), max_new_tokens=1000)
    assert end.text == text == "".join(step.token.text for step in steps if not step.token.special)
    assert end.generated_tokens == len(steps) == len(text.encode()) + 1
    assert [step.token.id for step in steps] == [*(byte + 1 for byte in text.encode()), END_OF_TEXT]
    assert end.finish_reason == "eos_token"


@given(st.text(min_size=1, max_size=12), st.integers(1, 12))
def test_the_limit_is_kept_to_the_token(text: str, limit: int) -> None:
    whole = len(text.encode())
    cut = [event for event in spoken(text) if not isinstance(event, Sampled) or event.position <= limit]
    # llama.cpp itself stops at the limit; inside a character it has kept the last tokens back.
    events = ended_by_the_model(spoken(text)) if limit > whole else [*cut, Finished(at_limit=True, generated=limit)]
    steps, end = written(events, max_new_tokens=limit)
    assert len(steps) == end.generated_tokens == min(limit, whole + 1)
    assert text.startswith(end.text)
    if limit <= whole:
        assert end.finish_reason == "length"


def test_the_end_of_sequence_token_is_shown_and_not_part_of_the_text() -> None:
    steps, end = written(ended_by_the_model(spoken("hi")))
    assert (steps[-1].token.text, steps[-1].token.special, end.text) == ("<|end|>", True, "hi")


def test_a_control_token_in_the_middle_ends_nothing() -> None:
    inside = Sampled(END_OF_TEXT, b"", -0.1, (), 2)
    after = Sampled(ord("b") + 1, b"b", -0.1, (), 3)
    steps, end = written([*spoken("a"), inside, after, Finished(at_limit=True, generated=3)], max_new_tokens=3)
    assert [step.token.text for step in steps] == ["a", "<|end|>", "b"]
    assert (end.text, end.finish_reason) == ("ab", "length")


def test_a_stop_sequence_stays_and_what_follows_it_in_the_same_token_goes() -> None:
    pieces = Vocabulary([b"", b"one ", b"two. Th"], {0: "<|end|>"})
    events: list[Event] = [Sampled(1, b"one ", -1, (), 1), Sampled(2, b"two. Th", -1, (), 2)]
    steps, end = written(events, vocabulary=pieces, stop=StopSearch((".",)))
    assert [step.token.text for step in steps] == ["one ", "two."]
    assert (end.text, end.finish_reason) == ("one two.", "stop_sequence")


def test_the_top_tokens_are_cut_to_what_was_asked() -> None:
    top = tuple((value, -float(value)) for value in range(1, 6))
    steps, _ = written([Sampled(1, b"\x00", -1.0, top, 1), Finished(at_limit=True, generated=1)], top_n_tokens=2)
    assert [token.id for token in steps[0].top_tokens] == [1, 2]


def test_time_starts_with_the_first_sign_of_work() -> None:
    _, end = written(ended_by_the_model(spoken("a")), seed=7)
    assert (end.timings.arrived, end.timings.queued, end.timings.started) == (1.0, 2.0, 100.0)
    assert end.timings.ended > 100.0
    assert (end.input_tokens, end.seed) == (5, 7)

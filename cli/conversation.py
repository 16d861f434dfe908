"""A talk with a model at the terminal: streamed answers, the talk so far as context, tokens per second."""

from __future__ import annotations

import contextlib
from pathlib import Path

from llmctl.cli.console import Console
from llmctl.cli.view import View
from llmctl.serving.client import DEFAULT_SYSTEM_MESSAGE, Answer, Endpoint, Message

HELP = "Ask away. An empty line is passed over, /new forgets the talk so far, Ctrl-C stops an answer, Ctrl-D ends."


class Conversation:
    def __init__(
        self, console: Console, endpoint: Endpoint, system: str | None, temperature: float, max_tokens: int
    ) -> None:
        self._console, self._endpoint = console, endpoint
        self._temperature, self._max_tokens = temperature, max_tokens
        self._opening: list[Message] = [{"role": "system", "content": system or DEFAULT_SYSTEM_MESSAGE}]
        self._messages = list(self._opening)

    def ask_once(self, question: str, *, json: bool = False) -> None:
        """One question, one answer. Raises EndpointError."""
        answer = self._answer(question, silent=json)
        if json:
            self._console.show(_answer_view(answer), json=True)
        else:
            self._console.write("\n")
            self._console.note(_speed(answer))

    def hold(self, history: Path) -> None:
        """Talk until the end of input. Lines typed are kept in `history` for the next time."""
        if self._console.interactive:
            self._console.note(HELP)
        with self._console.line_editing(history):
            while (line := self._next_line()) is not None:
                self._turn(line.strip())

    def _turn(self, line: str) -> None:
        if line == "/new":
            self._messages = list(self._opening)
            self._console.note("Forgotten.")
        elif line:
            with contextlib.suppress(KeyboardInterrupt):
                answer = self._answer(line)
                self._console.write("\n")
                self._console.note(_speed(answer))

    def _next_line(self) -> str | None:
        try:
            return self._console.ask("> " if self._console.interactive else "")
        except (EOFError, KeyboardInterrupt):
            return None

    def _answer(self, question: str, *, silent: bool = False) -> Answer:
        asked: list[Message] = [*self._messages, {"role": "user", "content": question}]
        stream = self._endpoint.stream(asked, max_tokens=self._max_tokens, temperature=self._temperature)
        for piece in stream:
            if not silent:
                self._console.write(piece)
        self._messages = [*asked, {"role": "assistant", "content": stream.answer.text}]
        return stream.answer


def _answer_view(answer: Answer) -> View:
    return View(
        {
            "answer": answer.text,
            "generatedTokens": answer.generated_tokens,
            "seconds": round(answer.seconds, 3),
            "tokensPerSecond": round(answer.tokens_per_second, 1),
        },
        [answer.text],
    )


def _speed(answer: Answer) -> str:
    return f"[{answer.generated_tokens} tokens, {answer.tokens_per_second:.0f} tokens/s]"

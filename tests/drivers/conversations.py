"""Conversations of several turns that share a system prompt, and which replica answered each turn."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

SYSTEM = "You are the assistant of a firm that makes clocks. " * 41
"""2 KB, the same in all conversations."""

PATIENCE_S = 120.0


@dataclass(frozen=True)
class Talk:
    """How conversations go: at `load` times what `slots` can hold, each a client that thinks between its turns."""

    address: str
    key: str
    model: str
    slots: int
    seconds: float
    """What an answer takes."""

    load: float
    turns: int = 6
    bytes_last: int = 62_000
    """Of the last prompt of every fourth conversation; the others stay below 4 KB."""

    @property
    def conversations(self) -> int:
        """As many as there are slots, at least 40; above full load more, so that they still think."""
        return max(40, self.slots, round(1.3 * self.load * self.slots))

    def thinking(self, random: random.Random) -> float:
        """Seconds, drawn: with this mean, load * slots requests run at a time."""
        mean = self.seconds * (self.conversations / (self.load * self.slots) - 1)
        return random.expovariate(1 / mean)


@dataclass(frozen=True)
class Visited:
    """Replicas of each conversation in the order of its turns; the time that all took, in seconds."""

    replicas: Sequence[Sequence[str]]
    statuses: Counter[int]
    seconds: float
    largest: int

    def on_the_last(self) -> float:
        """Share of follow-ups that went where the turn before went: there the whole prefix is."""
        pairs = [pair for each in self.replicas for pair in pairwise(each)]
        return sum(before == now for before, now in pairs) / len(pairs)

    def on_the_first(self) -> float:
        follow_ups = [replica == each[0] for each in self.replicas for replica in each[1:]]
        return sum(follow_ups) / len(follow_ups)

    def spread(self, replicas: int) -> float:
        """Most requests of a replica over the mean."""
        counts = Counter(replica for each in self.replicas for replica in each)
        return max(counts.values()) / (sum(counts.values()) / replicas)

    def load(self, talk: Talk) -> float:
        return sum(map(len, self.replicas)) * talk.seconds / self.seconds / talk.slots


def converse(talk: Talk) -> Visited:
    """All conversations at once, each turn on a connection of its own: kube-proxy picks the gateway anew."""
    statuses, sizes = Counter[int](), [0]

    def one(number: int) -> list[str]:
        draw, replicas = random.Random(number), list[str]()  # noqa: S311 (the same conversations in every run)
        time.sleep(draw.uniform(0, talk.seconds + talk.thinking(draw)))
        for turn in range(talk.turns):
            body = json.dumps(_body(talk, number, turn))
            sizes[0] = max(sizes[0], len(body))
            status, replica = _ask(talk, body)
            statuses[status] += 1
            if replica:
                replicas.append(replica)
            time.sleep(talk.thinking(draw))
        return replicas

    begun = time.monotonic()
    with ThreadPoolExecutor(talk.conversations) as pool:
        visited = list(pool.map(one, range(talk.conversations)))
    return Visited(visited, statuses, time.monotonic() - begun, sizes[0])


def _ask(talk: Talk, body: str) -> tuple[int, str | None]:
    headers = {"Authorization": f"Bearer {talk.key}", "Content-Type": "application/json"}
    with closing(http.client.HTTPConnection(talk.address, timeout=PATIENCE_S)) as connection:
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["x-replica"]


def _body(talk: Talk, number: int, turn: int) -> dict[str, Any]:
    words = (talk.bytes_last // talk.turns if number % 4 == 0 else 200) // len("word ")
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": f"I have question {number}."}]
    for said in range(turn + 1 if number % 4 == 0 else turn):
        messages += [{"role": "assistant", "content": "word " * words}, {"role": "user", "content": f"And {said}?"}]
    return {"model": talk.model, "messages": messages}

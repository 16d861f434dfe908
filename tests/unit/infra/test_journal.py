from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from llmctl.infra.deployment.journal import BEGUN, GENESIS, Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def lived(journal: Journal, changes: int = 2) -> Journal:
    for _ in range(changes):
        journal.append(BEGUN, command="up")
        journal.append("ended", command="up", result="done", plan="abc")
    return journal


def rewritten(lines: list[dict[str, object]]) -> str:
    """A journal with a consistent chain of its own, as somebody would write it who covers their tracks."""
    previous, text = GENESIS, ""
    for line in lines:
        whole = json.dumps({**line, "previous": previous}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(whole.encode()).hexdigest()
        text += whole + "\n"
    return text


def test_a_journal_as_it_was_written_is_in_order(journal: Journal) -> None:
    verdict = lived(journal).check(journal.anchor())
    assert verdict.problem is None
    assert [entry.content["event"] for entry in verdict.entries] == ["begun", "ended"] * 2


def test_every_line_says_who_when_and_on_which_host(journal: Journal) -> None:
    content = journal.append(BEGUN, command="up").content
    assert {"time", "user", "host", "event", "command", "previous"} == set(content)


def test_the_anchor_is_the_newest_line_that_began_a_change(journal: Journal) -> None:
    assert journal.anchor() is None
    begun = journal.append(BEGUN, command="up")
    journal.append("ended", command="up")
    assert journal.anchor() == begun.hash


def test_rewriting_the_whole_journal_with_a_consistent_chain_is_found(journal: Journal) -> None:
    anchor = lived(journal).anchor()
    lines = [{**entry.content, "user": "somebody-else"} for entry in journal.check(anchor).entries]
    journal.path.write_text(rewritten(lines))
    assert journal.check(None).problem is None, "the new chain itself must be sound, or the test shows nothing"
    assert "is the hash of no line" in str(journal.check(anchor).problem)


def test_an_emptied_journal_is_found(journal: Journal) -> None:
    anchor = lived(journal).anchor()
    journal.path.write_text("")
    assert "is the hash of no line" in str(journal.check(anchor).problem)


@pytest.mark.parametrize("number", range(4))
def test_a_removed_line_is_found(journal: Journal, number: int) -> None:
    anchor = lived(journal).anchor()
    lines = journal.path.read_text().splitlines(keepends=True)
    journal.path.write_text("".join(lines[:number] + lines[number + 1 :]))
    found = journal.check(anchor).problem
    if number == 3:
        assert found is None, "the newest result is anchored by the next change; the documentation says so"
    else:
        assert found


@given(position=st.integers(0, 100), byte=st.integers(32, 126))
@hypothesis_settings(max_examples=60)
def test_no_byte_of_an_anchored_line_can_be_changed_unseen(tmp_path: Path, position: int, byte: int) -> None:
    journal = Journal(tmp_path)
    journal.path.unlink(missing_ok=True)
    anchor = lived(journal).anchor()
    raw = bytearray(journal.path.read_bytes())
    if raw[position] == byte:
        return
    raw[position] = byte
    journal.path.write_bytes(bytes(raw))
    assert journal.check(anchor).problem


def test_a_line_torn_by_a_crash_is_replaced_by_the_next_one(journal: Journal) -> None:
    lived(journal)
    with journal.path.open("ab") as file:
        file.write(b'{"event":"beg')
    journal.append(BEGUN, command="down")
    verdict = journal.check(journal.anchor())
    assert verdict.problem is None
    assert verdict.entries[-1].content["command"] == "down"


def test_a_line_that_is_no_json_is_named(journal: Journal) -> None:
    lived(journal)
    journal.path.write_text("hello\n" + journal.path.read_text())
    assert journal.check(None).problem == "line 1 is not JSON"

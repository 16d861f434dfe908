from __future__ import annotations

import shutil
from pathlib import Path

from llmctl.infra.local.log_reader import appended, last_lines, open_log


def grows(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_the_last_lines_are_shown_and_what_is_no_text_does_not_stop_them(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\ntwo\nthr\xffee\n")
    with open_log(str(log)) as file:
        assert last_lines(file, 2) == ["two", "thr\ufffdee"]


def test_new_lines_are_followed_through_a_rotation(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old\n")
    with open_log(str(log)) as file:
        assert last_lines(file, 5) == ["old"]
        pieces = appended(file)
        grows(log, "new\n")
        assert next(pieces) == "new\n"
        shutil.copy(log, tmp_path / "log.1")
        log.write_text("")
        grows(log, "newer\n")
        assert next(pieces) == "newer\n"

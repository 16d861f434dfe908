from __future__ import annotations

from pathlib import Path

from llmctl.infra.local.log_rotation import KEPT_PARTS, last_line, part, rotate


def test_a_log_within_bounds_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("short")
    rotate(log, largest=5)
    assert log.read_text() == "short"
    assert not part(log, 1).exists()


def test_a_writer_that_keeps_the_file_open_goes_on_in_the_new_part(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with log.open("a") as writer:
        writer.write("before")
        writer.flush()
        rotate(log, largest=5)
        writer.write("after")
    assert part(log, 1).read_text() == "before"
    assert log.read_text() == "after"


def test_only_the_newest_parts_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    for number in range(KEPT_PARTS + 3):
        log.write_text(f"part {number}")
        rotate(log, largest=1)
    assert [part(log, n).read_text() for n in range(1, KEPT_PARTS + 1)] == ["part 5", "part 4", "part 3"]
    assert len(list(tmp_path.iterdir())) == KEPT_PARTS + 1


def test_the_last_line_is_one_that_says_something_and_was_written_since(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("old\n")
    assert last_line(log, after=4) == ""
    log.write_text("old\nPort 8080 is taken\n\n  \n")
    assert last_line(log, after=4) == "Port 8080 is taken"
    assert last_line(tmp_path / "absent", after=0) == ""

"""What is killed, locked or taken in the middle, and what the next `up` makes of it."""

from __future__ import annotations

import os
import select
import signal
import socket

import pytest
from drivers.eventually import eventually
from drivers.laptop import Laptop


def test_a_killed_server_answers_again(running: Laptop) -> None:
    server = running.one("llmctl.serving.server")
    server.kill()
    eventually(lambda: running.answers() and running.one("llmctl.serving.server").pid != server.pid)
    assert running.llmctl("status", "local", "--json").json["details"]["restarts"] == 1


def test_a_killed_supervisor_is_told_by_status_and_healed_by_up(laptop: Laptop) -> None:
    assert laptop.llmctl("up", "local", "--yes").code == 0
    laptop.one("llmctl.infra.local.supervisor").kill()
    eventually(lambda: not list(laptop.processes("llmctl.infra.local.supervisor")))
    status = laptop.llmctl("status", "local")
    assert "Heal it: llmctl up local" in status.out
    up = laptop.llmctl("up", "local", "--yes", "--json")
    assert (up.code, up.json["plan"]["changes"]) == (0, {"update": 1}), up.err
    laptop.is_sound()


@pytest.mark.parametrize("victim", ["llmctl", "the Pulumi CLI"])
def test_after_a_kill_in_the_middle_of_up_the_next_up_heals(laptop: Laptop, victim: str) -> None:
    begun = laptop.begins_and_stalls("up", "local", "--yes")
    if victim == "llmctl":
        begun.kill()
    else:
        next(process for process in laptop.processes() if process.name() == "pulumi").kill()
    begun.communicate()
    laptop.goes_on()
    healed = laptop.llmctl("up", "local", "--yes")
    assert healed.code == 0, healed.err
    assert "An earlier run on this stack was killed" in healed.err
    laptop.is_sound()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_up_leaves_a_consistent_state_and_130(laptop: Laptop, number: signal.Signals) -> None:
    begun = laptop.begins_and_stalls("up", "local", "--yes")
    begun.send_signal(number)
    eventually(lambda: "Stopping after the step at hand" in _so_far(begun.stderr.fileno() if begun.stderr else -1))
    laptop.goes_on()
    begun.communicate()
    assert begun.returncode == 130
    assert laptop.pulumi_locks() == []
    assert not laptop.checkpoint().get("pending_operations")
    assert laptop.llmctl("up", "local", "--yes").code == 0
    laptop.is_sound()


def test_of_two_up_at_once_on_an_empty_backend_one_works_and_one_names_it(laptop: Laptop) -> None:
    first, second = laptop.begins("up", "local", "--yes"), laptop.begins("up", "local", "--yes")
    said = {process.pid: process.communicate()[1] for process in (first, second)}
    codes = sorted((first.returncode, second.returncode))
    assert codes == [0, 1], said
    winner, loser = (first, second) if first.returncode == 0 else (second, first)
    assert f"process {winner.pid}" in said[loser.pid]
    laptop.is_sound()


def test_a_port_that_is_taken_is_refused_before_anything_is_started(laptop: Laptop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", laptop.port))
        taken.listen()
        refused = laptop.llmctl("up", "local", "--yes")
    assert refused.code != 0
    assert str(laptop.port) in refused.err
    assert "Traceback" not in refused.err
    laptop.is_empty()


def test_a_corrupt_model_is_refused_before_anything_is_started(laptop: Laptop) -> None:
    file = laptop.directory / "stacks" / "Pulumi.local.yaml"
    (laptop.directory / "broken.gguf").write_bytes(b"GGUF" + os.urandom(1000))
    file.write_text(file.read_text().replace("HuggingFaceTB/SmolLM2-135M-Instruct", "../broken.gguf"))
    refused = laptop.llmctl("up", "local", "--yes")
    assert refused.code != 0
    assert "broken.gguf" in refused.err
    laptop.is_empty()


def _so_far(stream: int) -> str:
    """What a pipe holds now, without waiting for more."""
    if not select.select([stream], [], [], 0)[0]:
        return ""
    return os.read(stream, 100_000).decode()

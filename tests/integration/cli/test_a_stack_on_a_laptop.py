"""From `up` to `down` with the real Pulumi engine, the real model server and a real model."""

from __future__ import annotations

import json
import subprocess

from drivers.laptop import Laptop


def test_up_status_and_down_leave_nothing_behind(laptop: Laptop) -> None:
    before = {path for path in laptop.directory.rglob("*") if ".llmctl" not in path.parts}
    up = laptop.llmctl("up", "local", "--yes", "--json")
    assert up.code == 0, up.err
    assert up.json["endpoint"] == f"http://127.0.0.1:{laptop.port}"
    assert up.json["answer"].strip()
    status = laptop.llmctl("status", "local", "--json")
    assert (status.code, status.json["state"], status.json["healthy"]) == (0, "running", True)
    assert "Paris" in laptop.llmctl("chat", "local", "What is the capital of France?").out
    down = laptop.llmctl("down", "local", "--yes", "--json")
    assert (down.code, down.json["destroyed"], down.json["leftovers"]) == (0, ["server"], [])
    laptop.is_empty()
    assert {path for path in laptop.directory.rglob("*") if ".llmctl" not in path.parts} == before
    assert [path for path in laptop.home.rglob("*") if path.is_file()] == []
    again = laptop.llmctl("down", "local", "--yes")
    assert (again.code, again.out.splitlines()[-1]) == (0, "There was nothing to take down in local.")


def test_a_no_at_the_terminal_changes_nothing_and_is_7(laptop: Laptop) -> None:
    refused = laptop.types({"[y/N]": "n\n"}, "up", "local")
    assert refused.code == 7
    assert "Plan for local: 1 to create." in refused.out
    assert "Error: Nothing was changed." in refused.out
    laptop.is_empty()
    ended = laptop.llmctl("history", "local", "--json").json["entries"][-1]
    assert ended["result"] == "declined"


def test_a_yes_at_the_terminal_shows_the_phases_as_they_come(laptop: Laptop) -> None:
    done = laptop.types({"[y/N]": "y\n"}, "up", "local")
    assert done.code == 0
    for phase in ("resolve", "download", "verify", "start", "load", "warm-up"):
        assert phase in done.out
    assert "The endpoint has answered: " in done.out
    talk = laptop.types({"> ": "What is the capital of France?\n", "tokens/s]\r\n> ": "\x04"}, "chat", "local")
    assert talk.code == 0
    assert "Paris" in talk.out
    assert "tokens/s]" in talk.out


def test_a_second_up_changes_nothing_and_still_has_the_endpoint_answer(running: Laptop) -> None:
    server = running.one("llmctl.serving.server").pid
    again = running.llmctl("up", "local", "--yes", "--json")
    assert (again.code, again.json["plan"]["changes"]) == (0, {})
    assert running.one("llmctl.serving.server").pid == server


def test_preview_shows_what_would_change_and_changes_nothing(running: Laptop) -> None:
    file = running.directory / "stacks" / "Pulumi.local.yaml"
    text = file.read_text()
    server = running.one("llmctl.serving.server").pid
    try:
        file.write_text(text.replace("llmctl:port", "llmctl:gracefulTerminationTimeout: 5\n  llmctl:port"))
        changed = running.llmctl("preview", "local", "--exit-code", "--json")
        assert (changed.code, changed.json["changes"]) == (8, {"update": 1})
        assert changed.json["resources"][0]["changed"] == ["gracefulTerminationTimeout"]
    finally:
        file.write_text(text)
    assert running.llmctl("preview", "local", "--exit-code").code == 0
    assert running.one("llmctl.serving.server").pid == server


def test_plain_pulumi_works_on_the_same_state(running: Laptop) -> None:
    stacks = running.directory / "stacks"
    script = f'cd "{running.directory}" && eval "$(llmctl env local)" && cd stacks && {{}}'
    preview = running.runs(["bash", "-c", script.format("pulumi preview --json --non-interactive")], cwd=stacks)
    assert preview.code == 0, preview.err
    assert json.loads(preview.out)["changeSummary"] == {"same": 2}, "the stack itself and the server"
    up = running.runs(["bash", "-c", script.format("pulumi up --yes --skip-preview --non-interactive")], cwd=stacks)
    assert up.code == 0, up.out + up.err
    output = running.runs(["bash", "-c", script.format("pulumi stack output endpoint")], cwd=stacks)
    assert output.out.strip() == f"http://127.0.0.1:{running.port}"
    running.is_sound()


def test_a_proxy_that_leads_nowhere_is_no_obstacle_on_ones_own_machine(running: Laptop) -> None:
    nowhere = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    for command in (["up", "local", "--yes"], ["status", "local"], ["chat", "local", "Hello?"]):
        ran = running.runs(["llmctl", *command], **nowhere)
        assert ran.code == 0, ran.err


def test_history_says_who_did_what_and_finds_a_rewritten_journal(running: Laptop) -> None:
    history = running.llmctl("history", "local", "--json")
    assert (history.code, history.json["intact"]) == (0, True)
    first, *_ = history.json["entries"]
    assert (first["event"], first["command"]) == ("begun", "up")
    journal = running.directory / ".llmctl/stacks/local/journal.jsonl"
    text = journal.read_text()
    try:
        forged = "import llmctl.infra.deployment.journal as j, pathlib, sys; p = pathlib.Path(sys.argv[1]);"
        forged += "p.unlink(); [j.Journal(p.parent).append(e, command='up') for e in ('begun', 'ended')]"
        assert running.runs(["python", "-c", forged, str(journal)]).code == 0
        found = running.llmctl("history", "local")
        assert found.code == 1
        assert "the journal was rewritten or cut" in found.err
    finally:
        journal.write_text(text)


def test_secrets_stand_in_no_output_log_journal_state_or_process_list(running: Laptop) -> None:
    fake_token = "hf" + "_" + "Zz9" * 12
    running.environ["HF_TOKEN"] = fake_token
    try:
        ran = [
            running.llmctl(*words)
            for words in (
                ["up", "local", "--yes"],
                ["preview", "local", "--json"],
                ["status", "local", "--json"],
                ["env", "local"],
                ["history", "local", "--json"],
                ["logs", "local"],
                ["chat", "local", "Hello?"],
                ["config", "show", "local", "--json"],
                ["--debug", "up", "nowhere", "--yes"],
            )
        ]
    finally:
        del running.environ["HF_TOKEN"]
    home = running.directory / ".llmctl"
    key = (home / "stacks/local/servers/server/api_key").read_text().strip()
    passphrase = (home / "passphrase").read_text()
    kept_in = {home / "stacks/local/servers/server/api_key", home / "passphrase"}
    texts = {f"output of {index}": each.out + each.err for index, each in enumerate(ran)}
    files = [path for path in home.rglob("*") if path.is_file() and path not in kept_in]
    texts |= {str(path): path.read_text(errors="replace") for path in files}
    texts["process list"] = subprocess.run(["ps", "auxwwe"], capture_output=True, text=True, check=True).stdout
    for secret in (key, passphrase, fake_token):
        assert [where for where, text in texts.items() if secret in text] == []


def test_files_that_hold_secrets_are_the_users_alone(running: Laptop) -> None:
    home = running.directory / ".llmctl"
    for path in (home / "passphrase", home / "stacks/local/servers/server/api_key"):
        assert oct(path.stat().st_mode & 0o777) == "0o600", path
    assert (home / "stacks/local/servers/server").stat().st_mode & 0o077 == 0

from __future__ import annotations

from pathlib import Path

import pytest

from llmctl.serving.server.settings import BadSettings, settings_from

NEEDED = ["--model-id", "org/model", "--model-file", "model.gguf"]


def test_the_defaults_are_tgis() -> None:
    settings = settings_from(NEEDED, {})
    assert (settings.max_concurrent_requests, settings.max_stop_sequences, settings.max_best_of) == (128, 4, 2)
    assert (settings.max_top_n_tokens, settings.max_client_batch_size, settings.payload_limit) == (5, 4, 2_000_000)
    assert settings.graceful_termination_timeout == 90
    assert settings.api_key is None


def test_max_input_tokens_is_one_less_than_the_total() -> None:
    assert settings_from([*NEEDED, "--max-total-tokens", "100"], {}).max_input_tokens == 99


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--port", "0"], "--port is 0; allowed are 1 to 65535"),
        (["--port", "x"], "argument --port: invalid int value: 'x'"),
        (["--max-total-tokens", "1"], "--max-total-tokens is 1; allowed is 2 or more"),
        (["--max-input-tokens", "2048"], "--max-input-tokens is 2048; it must be less than --max-total-tokens (2048)"),
        (["--max-batch-size", "0"], "--max-batch-size is 0; allowed is 1 or more"),
        (["--threads", "-1"], "--threads is -1; allowed is 0 or more"),
        (["--api-key-file", "missing"], "--api-key-file missing cannot be read: FileNotFoundError"),
        (["--api-key", "x"], "unrecognized arguments: --api-key x"),
        (["--max-batch", "1"], "unrecognized arguments: --max-batch 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_value_is_named_with_what_is_allowed(flags: list[str], says: str) -> None:
    with pytest.raises(BadSettings) as mistake:
        settings_from([*NEEDED, *flags], {})
    assert says in str(mistake.value)
    assert "\n" not in str(mistake.value)


def test_the_key_comes_from_a_file_before_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from-file\n", encoding="utf-8")
    assert settings_from([*NEEDED, "--api-key-file", str(file)], {"API_KEY": "from-env"}).api_key == "from-file"
    assert settings_from(NEEDED, {"API_KEY": "from-env"}).api_key == "from-env"


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(BadSettings, match="is empty"):
        settings_from([*NEEDED, "--api-key-file", str(file)], {})


def test_the_key_never_shows() -> None:
    key = "-".join(["sk", "q" * 20])
    assert key not in repr(settings_from(NEEDED, {"API_KEY": key}))
    with pytest.raises(BadSettings) as mistake:
        settings_from(NEEDED, {"API_KEY": key + "é"})
    assert key not in str(mistake.value)


def test_variables_that_kubernetes_sets_for_services_change_nothing() -> None:
    assert settings_from(NEEDED, {"PORT": "tcp://10.0.0.1:80", "MASTER_PORT": "tcp://x"}) == settings_from(NEEDED, {})

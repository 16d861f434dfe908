"""The server's image: what is set in it, and that its own Python serves the small model."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
from drivers.eventually import eventually
from drivers.image_archive import ImageFile, Root
from drivers.model_server import embedded_model
from drivers.ports import free_port

from llmctl.serving.server.container import COMMAND, USER


def environment(image: ImageFile) -> dict[str, str]:
    return dict(each.split("=", 1) for each in image.config["config"]["Env"])


def test_it_runs_as_nobody_special_and_its_command_is_the_server(server: ImageFile) -> None:
    config = server.config["config"]
    assert config["User"] == f"{USER}:{USER}"
    assert tuple(config["Entrypoint"]) == COMMAND
    assert config["StopSignal"] == "SIGTERM"


def test_llmctl_is_inside_as_far_as_it_serves(server_root: Root) -> None:
    inside = server_root.directory / "app/llmctl"
    assert sorted(path.name for path in inside.iterdir() if path.name != "__pycache__") == [
        "__init__.py",
        "py.typed",
        "serving",
    ]
    deploying = [name for name in ("pulumi", "boto3", "kubernetes", "typer") if (inside.parent / name).exists()]
    assert not deploying, "what deploys is not needed here"


def test_there_is_no_shell_and_no_package_manager(server_root: Root) -> None:
    for name in ("bin/sh", "usr/bin/sh", "usr/bin/dpkg", "usr/bin/apt-get", "app/pip"):
        assert not (server_root.directory / name).exists(), name


def test_bytecode_is_there_for_every_module(server_root: Root) -> None:
    for place in ("app", "usr/lib/python3.11"):
        sources = (server_root.directory / place).rglob("*.py")
        compiled = [path.parent / "__pycache__" / f"{path.stem}.cpython-311.pyc" for path in sources]
        assert len(compiled) > 100
        assert [str(path) for path in compiled if not path.exists()] == []


def test_its_own_python_serves_the_model(server: ImageFile, server_root: Root, tmp_path: Path) -> None:
    port = free_port()
    flags = ("--model-id", "small", "--model-file", str(embedded_model()), "--port", str(port), "--threads", "1")
    command, variables = server_root.python(environment(server), "-m", "llmctl.serving.server", *flags)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**variables, "HOME": str(tmp_path)}, stderr=log)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
        try:
            eventually(lambda: process.poll() is not None or healthy(client), "the server answers")
            assert process.poll() is None, (tmp_path / "log").read_text()
            answer = client.post("/v1/chat/completions", json=QUESTION).json()
            assert "Paris" in answer["choices"][0]["message"]["content"]
        finally:
            process.terminate()
            process.wait()
    assert process.returncode == 0


QUESTION = {
    "model": "small",
    "temperature": 0,
    "messages": [
        {"role": "system", "content": "Answer in one short English sentence."},
        {"role": "user", "content": "What is the capital of France?"},
    ],
}


def healthy(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.ConnectError:
        return False

"""A way to a private API server: a session of Systems Manager through a node of the cluster, as a port of this machine.

The session is AWS's, and so is the program that speaks its protocol, session-manager-plugin; the AWS CLI starts it in
the same way, and is not needed here.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress

from llmctl.infra.aws.api import Api
from llmctl.infra.aws.place import Place
from llmctl.infra.errors import AccountUnreachable

PLUGIN = "session-manager-plugin"
DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
RESPONSE = "AWS_SSM_START_SESSION_RESPONSE"
"""Variable by which plugins after 1.2.497.0 take the session and its token; older ones want them as an argument, which
every user of the machine can read (awscli/customizations/sessionmanager.py)."""

LOCAL_HOST = "SSM_PLUGIN_LOCAL_HOST"
"""Variable by which it is told where to listen; left alone, wherever `localhost` leads."""

LISTENING = "Waiting for connections"
"""What the plugin writes when the port is open (aws/session-manager-plugin, portsession/muxportforwarding.go)."""

TRY_SECONDS = 3.0
"""For a connection; across the world one takes less than half a second."""

STOP_SECONDS = 5.0


def reachable(host: str, port: int = 443) -> bool:
    """Whether this machine gets a connection there without help."""
    try:
        with socket.create_connection((host, port), TRY_SECONDS):
            return True
    except OSError:
        return False


def node_of(api: Api, cluster: str) -> str:
    """A running node, one of the system pool where there is one: it stays. Raises AccountUnreachable without any."""
    of_cluster = {"Name": "tag:eks:cluster-name", "Values": [cluster]}
    running = {"Name": "instance-state-name", "Values": ["running"]}
    found = api.pages("ec2", "describe_instances", "Reservations", Filters=[of_cluster, running])
    nodes = sorted(
        ("system" not in _node_group(node), node["InstanceId"]) for each in found for node in each["Instances"]
    )
    if not nodes:
        raise AccountUnreachable(f"The API server of {cluster} is private, and no node runs through which to reach it.")
    return str(nodes[0][1])


def open_session_tunnel(
    api: Api, node: str, host: str, *, profile: str | None = None, environ: Mapping[str, str] = os.environ
) -> int:
    """The port of this machine that leads to `host`:443, until this process ends. Raises AccountUnreachable."""
    plugin = shutil.which(PLUGIN, path=environ.get("PATH"))
    if plugin is None:
        raise AccountUnreachable(
            f"{host} is private and cannot be reached from here. Install {PLUGIN} (docs.aws.amazon.com/systems-manager/"
            "latest/userguide/session-manager-working-with-install-plugin.html), or run llmctl in the VPC."
        )
    port = _free_port()
    forwarding = {"host": [host], "portNumber": ["443"], "localPortNumber": [str(port)]}
    asked = {"Target": node, "DocumentName": DOCUMENT, "Parameters": forwarding}
    session = api.ask("ssm", "start_session", **asked)
    response = {key: session[key] for key in ("SessionId", "TokenValue", "StreamUrl")}
    ssm = f"https://ssm.{api.region}.{Place(account='', region=api.region).dns_suffix}"
    process = subprocess.Popen(
        [plugin, RESPONSE, api.region, "StartSession", profile or "", json.dumps(asked), ssm],
        env={**environ, RESPONSE: json.dumps(response), LOCAL_HOST: "127.0.0.1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C is for llmctl, which ends it
    )
    atexit.register(_end, process)
    _until_it_listens(process, host)
    return port


def _until_it_listens(process: subprocess.Popen[str], host: str) -> None:
    assert process.stdout  # noqa: S101  (it was asked for)
    said = ""
    for line in process.stdout:
        if LISTENING in line:
            # What it goes on to write is read, so that it never waits for a reader.
            threading.Thread(target=_drain, args=(process,), daemon=True).start()
            return
        said = line.strip() or said
    raise AccountUnreachable(
        f"{PLUGIN} ended before it led to {host}: {said or 'it said nothing'}. Is it newer than 1.2.497.0?"
    )


def _drain(process: subprocess.Popen[str]) -> None:
    with suppress(ValueError):  # closed while it was read
        for _ in process.stdout or ():
            pass


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _node_group(node: Mapping[str, object]) -> str:
    tags = node.get("Tags")
    found = {each["Key"]: each["Value"] for each in tags} if isinstance(tags, list) else {}
    return str(found.get("eks:nodegroup-name", ""))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

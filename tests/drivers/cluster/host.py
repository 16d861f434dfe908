"""What a cluster could leave behind on this machine, as sets that can be compared before and after."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
from drivers.cluster import cgroups
from drivers.cluster.packages import unpacked_packages

State = Mapping[str, frozenset[str]]

COUNTERS = (
    "fs/aio-nr",
    "fs/dentry-state",
    "fs/file-nr",
    "fs/inode-nr",
    "fs/inode-state",
    "fs/quota",
    "kernel/ns_last_pid",
    "kernel/pty/nr",
    "kernel/random",
    "net/netfilter/nf_conntrack_buckets",
    "net/netfilter/nf_conntrack_count",
)
"""Below /proc/sys: what the kernel counts or draws by lot, not what anyone has set."""

WRITTEN_BY_NODES = ("/etc", "/opt", "/run", "/var/lib", "/var/log", "/usr/libexec", "/dev/shm")  # noqa: S108

TEMPORARY = ("cni", "containerd", "ctr", "kube", "runc")
"""What a node's temporary files would be named for; everybody else's are in /tmp too."""


def state() -> State:
    """Everything, one set of lines per kind."""
    return {
        "mounts": frozenset(Path("/proc/self/mountinfo").read_text().splitlines()),
        "control groups": frozenset(str(group) for top in cgroups.hierarchies() for group in top.iterdir()),
        "links": _lines("ip", "-o", "-brief", "link"),
        "addresses": _lines("ip", "-brief", "address"),
        "routes": _lines("ip", "-4", "route", "show", "table", "all")
        | _lines("ip", "-6", "route", "show", "table", "all"),
        "neighbours": _lines("ip", "neighbour", "show", "nud", "permanent"),
        "iptables": frozenset(rule for kind in ("nft", "legacy") for rule in _firewall(kind)),
        "sysctls": frozenset(_sysctls()),
        "files": frozenset(_files()),
    }


def changes(before: State, after: State, cluster: str, link: str) -> dict[str, list[str]]:
    """Lines that came (+) and went (-), by kind; empty if nothing changed.

    Another cluster may start or end meanwhile: what names its control group or its link is left out.
    """
    of_another = re.compile(rf"/(?!{cluster}$){cgroups.PREFIX}|\b(?!{link}\b)llmctl\d")
    found = {
        kind: [f"+ {line}" for line in sorted(after[kind] - lines)]
        + [f"- {line}" for line in sorted(lines - after[kind])]
        for kind, lines in before.items()
    }
    kept = {kind: [line for line in lines if not of_another.search(line)] for kind, lines in found.items()}
    return {kind: lines for kind, lines in kept.items() if lines}


def pid_namespaces_below(process: int) -> frozenset[str]:
    """Of all that the process has started, but its own."""
    descendants = psutil.Process(process).children(recursive=True)
    return frozenset(_pid_namespace(child.pid) for child in descendants) - {_pid_namespace(process), ""}


def processes_in(namespaces: frozenset[str]) -> set[int]:
    """The processes of these PID namespaces. No process can leave the one that it was started in."""
    return {process for process in psutil.pids() if _pid_namespace(process) in namespaces}


def _lines(*command: str) -> frozenset[str]:
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    return frozenset(line.strip() for line in shown.stdout.splitlines())


def _firewall(kind: str) -> Iterator[str]:
    """The rules of this machine, by the iptables that the nodes use; its counters in brackets left out."""
    packages = unpacked_packages()
    libraries = {"LD_LIBRARY_PATH": f"{packages}/usr/lib/x86_64-linux-gnu"}
    environ = {**os.environ, **libraries, "XTABLES_LIBDIR": f"{libraries['LD_LIBRARY_PATH']}/xtables"}
    for version in ("", "6"):
        command = [str(packages / f"usr/sbin/xtables-{kind}-multi"), f"ip{version}tables-save"]
        saved = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        lines = (line for line in saved.stdout.splitlines() if not line.startswith("#"))
        yield from (f"{kind}{version} {line.partition('[')[0]}" for line in lines)


def _sysctls() -> Iterator[str]:
    root = Path("/proc/sys")
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if path.is_file() and path.stat().st_mode & 0o400 and not name.startswith(COUNTERS):
            try:
                yield f"{name} = {path.read_text(errors='replace').strip()}"
            except OSError:  # some can only be read by those who may use them
                continue


def _files() -> Iterator[str]:
    """Names and what is in them, by their times, where nodes would write."""
    yield from (str(path) for program in TEMPORARY for path in Path("/tmp").glob(f"*{program}*"))  # noqa: S108
    for top in WRITTEN_BY_NODES:
        for directory, _, files in os.walk(top):
            yield directory
            for file in files:
                status = os.lstat(Path(directory, file))
                yield f"{directory}/{file} of {status.st_mtime_ns}"


def _pid_namespace(process: int) -> str:
    try:
        return os.readlink(f"/proc/{process}/ns/pid")  # noqa: PTH115  (it is no path)
    except OSError:  # it has ended
        return ""

"""What a node sees of the file system: the host's, with Debian's packages in /usr and places of its own to write to."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from drivers.cluster.layout import NODE_HOME

KERNEL_SETTINGS = (
    ["overcommit_memory", "panic_on_oom"],
    ["panic", "panic_on_oops", "keys/root_maxkeys", "keys/root_maxbytes"],
)
"""Of vm and kernel: what the kubelet writes at its start. They belong to the host, so it writes into copies."""

PROCESSORS = Path("/sys/devices/system/cpu")
MEMORY_NODES = Path("/sys/devices/system/node")
CORES = 16
"""That the kubelet counts, whatever the machine has: a model on a GPU asks for more than two. Nothing is faster by it,
and what a container really uses is bounded by the machine."""


def mount_the_root_of_a_node(home: Path, packages: Path) -> None:
    """Call it in the node's own mount namespace. /var is the host's, with changes that only the node sees."""
    _mount("-t", "tmpfs", "tmpfs", "/run")
    NODE_HOME.mkdir()
    _mount("--bind", str(home), str(NODE_HOME))
    _mount("-t", "overlay", "-o", f"lowerdir={packages}/usr:/usr", "overlay", "/usr")
    changes = Path("/run/changes")
    for directory in ("var", "work"):
        (changes / directory).mkdir(parents=True)
    _mount("-t", "overlay", "-o", f"lowerdir=/var,upperdir={changes}/var,workdir={changes}/work", "overlay", "/var")
    _copy_kernel_settings(Path("/run/kernel-settings"))
    _pretend_cores()


def _copy_kernel_settings(copies: Path) -> None:
    for room, names in zip(("vm", "kernel"), KERNEL_SETTINGS, strict=True):
        for name in names:
            setting, copy = Path("/proc/sys", room, name), copies / room / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(setting.read_text())
            _mount("--bind", str(copy), str(setting))


def _pretend_cores() -> None:
    """As cadvisor reads them, in the kubelet (google/cadvisor v0.52.1, utils/sysinfo: getCPUTopology): from the
    directories of the processors where the kernel shows no memory nodes.

    All directories count as cores; those without a topology are none that the kubelet would ask the kernel for,
    which would refuse what the machine lacks."""
    there = sorted(os.sched_getaffinity(0))
    beyond = range(max(there) + 1, max(there) + 1 + CORES - len(there))
    _mount("-t", "tmpfs", "tmpfs", str(MEMORY_NODES))
    _mount("-t", "tmpfs", "tmpfs", str(PROCESSORS))
    for number in beyond:
        (PROCESSORS / f"cpu{number}").mkdir()
    for number in there:
        topology = PROCESSORS / f"cpu{number}" / "topology"
        topology.mkdir(parents=True)
        (topology / "core_id").write_text(f"{number}\n")
        (topology / "physical_package_id").write_text("0\n")


def _mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"mount {' '.join(words)}: {done.stderr.strip()}"

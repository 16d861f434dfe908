"""What a node sees of the file system: the host's, with Debian's packages in /usr and places of its own to write to."""

from __future__ import annotations

import subprocess
from pathlib import Path

from drivers.cluster.layout import NODE_HOME

KERNEL_SETTINGS = (
    ["overcommit_memory", "panic_on_oom"],
    ["panic", "panic_on_oops", "keys/root_maxkeys", "keys/root_maxbytes"],
)
"""Of vm and kernel: what the kubelet writes at its start. They belong to the host, so it writes into copies."""


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


def _copy_kernel_settings(copies: Path) -> None:
    for room, names in zip(("vm", "kernel"), KERNEL_SETTINGS, strict=True):
        for name in names:
            setting, copy = Path("/proc/sys", room, name), copies / room / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(setting.read_text())
            _mount("--bind", str(copy), str(setting))


def _mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"mount {' '.join(words)}: {done.stderr.strip()}"

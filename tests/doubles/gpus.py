"""Machines with GPUs, as the two programs that the acceptance check asks see them: nvidia-smi, and PyTorch.

They check: the query that nvidia-smi is given, and which device each tensor is on. They answer with as many GPUs as
they are told to have; a GPU may be small, may multiply wrong, may fail, and NCCL may answer wrong or not at all.
They do not check: anything of CUDA, shapes, or what arithmetic a GPU really does. The torch here is a package of one
file that knows the dozen calls of the check.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

GIB = 1024**3
VARIABLE = "GPUS_DOUBLE"
QUERY = "--query-gpu=index,memory.total --format=csv,noheader,nounits"

TORCH = """
import json, os, random
HAS = json.loads(os.environ["GPUS_DOUBLE"])

class Tensor:
    def __init__(self, rows, device="cpu"):
        self.rows, self.device = rows, device
    def float(self): return self
    def cpu(self): return Tensor(self.rows)
    def to(self, device):
        if int(device.removeprefix("cuda:")) in HAS["failing"]:
            raise RuntimeError("CUDA error: an illegal memory access was encountered\\nmore lines")
        return Tensor(self.rows, device)
    def item(self): return self.rows

def manual_seed(seed): random.seed(seed)
def randint(low, high, shape): return Tensor([random.randrange(low, high) for _ in range(4)])
def tensor(values, device): return Tensor(values[0], device)
def equal(a, b): return a.rows == b.rows and a.device == b.device == "cpu"
def matmul(a, b):
    assert a.device == b.device
    off = a.device != "cpu" and int(a.device.removeprefix("cuda:")) in HAS["wrong"]
    return Tensor([x * y + off for x, y in zip(a.rows, b.rows)], a.device)

class cuda:
    is_available = staticmethod(lambda: bool(HAS["memory"]))
    device_count = staticmethod(lambda: len(HAS["memory"]))
    set_device = staticmethod(lambda index: None)
    @staticmethod
    def get_device_properties(index):
        return type("Properties", (), {"total_memory": HAS["memory"][index]})

class distributed:
    is_available = is_nccl_available = staticmethod(lambda: True)
    size = 0
    @staticmethod
    def init_process_group(backend, init_method, rank, world_size):
        assert backend == "nccl" and init_method.startswith("tcp://127.0.0.1:")
        distributed.size, distributed.rank = world_size, rank
    @staticmethod
    def all_reduce(number):
        if HAS["nccl_error"] and distributed.rank == 1: raise RuntimeError(HAS["nccl_error"])
        number.rows = distributed.size * (distributed.size + 1) // 2 + (distributed.rank in HAS["nccl_wrong"])
"""


@dataclass
class GpusDouble:
    directory: Path
    memory: list[int]
    """Bytes of each GPU."""

    wrong: list[int] = field(default_factory=list)
    """GPUs that multiply wrong."""

    failing: list[int] = field(default_factory=list)
    nccl_wrong: list[int] = field(default_factory=list)
    nccl_error: str = ""
    broken_driver: bool = False
    torch: bool = True
    """Whether the image has PyTorch."""

    def environment(self) -> dict[str, str]:
        """PATH and PYTHONPATH of the image that the check runs in."""
        programs, packages = self.directory / "bin", self.directory / "site-packages"
        for directory in (programs, packages):
            directory.mkdir()
        program = programs / "nvidia-smi"
        program.write_text(self._nvidia_smi())
        program.chmod(0o755)
        if self.torch:
            (packages / "torch.py").write_text(TORCH)
        path = os.pathsep.join((str(programs), str(Path(sys.executable).parent), "/usr/bin", "/bin"))
        return {"PATH": path, "PYTHONPATH": str(packages), VARIABLE: self.told()}

    def told(self) -> str:
        """What TORCH finds in VARIABLE."""
        return json.dumps({key: value for key, value in vars(self).items() if key != "directory"})

    def _nvidia_smi(self) -> str:
        if self.broken_driver:
            return "#!/bin/sh\necho 'Failed to initialize NVML: Driver/library version mismatch'\nexit 18\n"
        lines = "".join(f"echo '{index}, {size // 1024**2}'\n" for index, size in enumerate(self.memory))
        return f'#!/bin/sh\n[ "$*" = "{QUERY}" ] || exit 2\n{lines}'

"""`python3 check.py GPUS BYTES`: every GPU is there, has its memory, multiplies right, and talks to the others.

Runs in the engine's image with what that has: Python 3.9 or newer and torch. Without torch nvidia-smi is asked.
Stands alone: it is mounted from a ConfigMap. Exit code 1 and one sentence on failure.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from typing import Any

MIB, GIB = 1024**2, 1024**3
SIDE = 512
"""Of the matrices: whole numbers from -8 to 8, whose products and sums every float32 (and TF32) has exactly."""
SECONDS = 120
"""For the all-reduce; NCCL waits without end for a GPU or a link that does not answer."""
PORT = 29511
"""On the pod's loopback, for the rendezvous; nothing else listens in an init container."""


class Failed(Exception):
    pass


def main(gpus: int, memory: int) -> str:
    try:
        import torch
    except ImportError:
        return by_nvidia_smi(gpus, memory)
    if not torch.cuda.is_available():
        raise Failed(
            "PyTorch sees no GPU at all. The node's driver does not suit the image, or the device is not passed."
        )
    if torch.cuda.device_count() < gpus:
        raise Failed(f"{torch.cuda.device_count()} of {gpus} GPUs are shown. {DRAIN}")
    for index in range(gpus):
        require_memory(index, torch.cuda.get_device_properties(index).total_memory, memory)
        multiply(torch, index)
    if gpus > 1 and torch.distributed.is_available() and torch.distributed.is_nccl_available():
        all_reduce(gpus)
        return f"{gpus} GPUs, at least {memory // GIB} GiB each, multiply as the processor does and add up over NCCL"
    return f"{gpus} GPUs, at least {memory // GIB} GiB each, multiply as the processor does"


DRAIN = "Drain the node, and look at its device plugin and at dmesg."


def require_memory(index: int, shown: int, wanted: int) -> None:
    if shown < wanted:
        raise Failed(
            f"GPU {index} shows {shown // GIB} GiB of {wanted // GIB}. It is another type, is shared, or is broken."
        )


def multiply(torch: Any, index: int) -> None:
    """Exactly what the processor gets."""
    try:
        torch.manual_seed(index)
        left, right = (torch.randint(-8, 9, (SIDE, SIDE)).float() for _ in range(2))
        here = torch.matmul(left, right)
        there = torch.matmul(left.to(f"cuda:{index}"), right.to(f"cuda:{index}")).cpu()
    except RuntimeError as error:
        raise Failed(f"GPU {index} cannot multiply ({first_line(error)}). {DRAIN}") from None
    if not torch.equal(here, there):
        raise Failed(f"GPU {index} multiplies wrong. {DRAIN}")


def all_reduce(gpus: int) -> None:
    """One process for each GPU; each adds its number, and every one must get the sum."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=one_rank, args=(rank, gpus, results), daemon=True) for rank in range(gpus)]
    for process in processes:
        process.start()
    try:
        said = dict(results.get(timeout=SECONDS) for _ in processes)
    except Exception:  # noqa: BLE001 (multiprocessing has its own Empty; a queue that broke is no better)
        raise Failed(f"NCCL does not answer over {gpus} GPUs in {SECONDS} s. Look at NVLink and at dmesg.") from None
    finally:
        for process in processes:
            process.kill()
    wrong = {rank: found for rank, found in sorted(said.items()) if found != gpus * (gpus + 1) // 2}
    for rank, found in wrong.items():
        raise Failed(f"GPU {rank} gets {found} by NCCL instead of {gpus * (gpus + 1) // 2}. {DRAIN}")


def one_rank(rank: int, gpus: int, results: Any) -> None:
    try:
        import torch

        torch.cuda.set_device(rank)
        torch.distributed.init_process_group("nccl", init_method=f"tcp://127.0.0.1:{PORT}", rank=rank, world_size=gpus)
        number = torch.tensor([rank + 1], device=f"cuda:{rank}")
        torch.distributed.all_reduce(number)
        results.put((rank, int(number.item())))
    except Exception as error:  # noqa: BLE001 (whatever it is goes into the sentence)
        results.put((rank, first_line(error)))


def by_nvidia_smi(gpus: int, memory: int) -> str:
    query = ["nvidia-smi", "--query-gpu=index,memory.total", "--format=csv,noheader,nounits"]
    try:
        asked = subprocess.run(query, capture_output=True, text=True, check=True)
        shown = [line.split(",") for line in asked.stdout.splitlines() if line.strip()]
        found = [(int(index), int(mebibytes) * MIB) for index, mebibytes in shown]
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise Failed(f"nvidia-smi does not answer ({first_line(error)}). The node's driver is broken.") from None
    if len(found) < gpus:
        raise Failed(f"{len(found)} of {gpus} GPUs are shown. {DRAIN}")
    for index, there in found:
        require_memory(index, there, memory)
    return f"{gpus} GPUs, at least {memory // GIB} GiB each (by nvidia-smi: the image has no PyTorch)"


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


if __name__ == "__main__":
    try:
        sys.stdout.write(f"GPU check passed: {main(int(sys.argv[1]), int(sys.argv[2]))}\n")
    except Failed as failure:
        sys.stdout.write(f"GPU check failed: {failure}\n")
        sys.exit(1)

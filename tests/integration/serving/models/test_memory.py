"""The formula against the resident memory of the real embedded model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from drivers.model_server import embedded_model

from llmctl.serving.models.gguf import inspect
from llmctl.serving.models.memory import memory_needed

SERVE = """
import json, os, pathlib, re, sys, threading
import xllamacpp
model, slots, context, ubatch = sys.argv[1], *map(int, sys.argv[2:5])
parameters = xllamacpp.CommonParams()
parameters.model.path = model
parameters.n_parallel, parameters.n_ctx = slots, slots * context
parameters.n_batch = parameters.n_ubatch = ubatch
parameters.hostnames, parameters.api_keys = [sys.argv[5]], ["only this test"]
server = xllamacpp.Server(parameters)
def fill(slot):
    prompt = f"word{slot} " * (context // 4)
    server.handle_completions({"prompt": prompt, "max_tokens": 4, "stream": True}, lambda chunk: False)
threads = [threading.Thread(target=fill, args=(slot,)) for slot in range(slots)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
rollup = pathlib.Path("/proc/self/smaps_rollup").read_text()
print(json.dumps(int(re.search(r"^Rss:\\s+(\\d+)", rollup, re.M)[1]) * 1024), flush=True)
os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the resident memory from /proc")
@pytest.mark.parametrize(("slots", "context", "ubatch"), [(1, 1024, 512), (8, 1024, 128)])
def test_the_formula_is_up_to_a_quarter_above_what_is_measured(
    tmp_path: Path, slots: int, context: int, ubatch: int
) -> None:
    model = embedded_model()
    arguments = [str(model), str(slots), str(context), str(ubatch), "l.sock"]
    done = subprocess.run([sys.executable, "-c", SERVE, *arguments], check=True, stdout=subprocess.PIPE, cwd=tmp_path)
    resident = json.loads(done.stdout.splitlines()[-1])
    needed = memory_needed(inspect(model), slots=slots, context=context, ubatch=ubatch)
    assert resident < needed < 1.25 * resident

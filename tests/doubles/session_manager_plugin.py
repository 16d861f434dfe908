"""Stand-ins for session-manager-plugin: programs that take what the original takes."""

from __future__ import annotations

import sys
from pathlib import Path

TELLING = """#!{python}
import json, os, sys
response = json.loads(os.environ[sys.argv[1]])
asked = json.loads(sys.argv[5])
with open({told!r}, "w") as file:
    json.dump({{"response": response, "asked": asked, "arguments": sys.argv[1:4]}}, file)
print("Port opened for sessionId", response["SessionId"], flush=True)
{then}
"""


def plugin_that_listens(directory: Path) -> Path:
    """Tells what it got in the file that is returned, says that it listens, and stays."""
    then = 'print("Waiting for connections...", flush=True)\nsys.stdin.read()\nimport signal\nsignal.pause()'
    return _written(directory, then)


def plugin_that_ends(directory: Path, said: str) -> Path:
    return _written(directory, f"print({said!r}); sys.exit(1)")


def _written(directory: Path, then: str) -> Path:
    told = directory / "told.json"
    program = directory / "session-manager-plugin"
    program.write_text(TELLING.format(python=sys.executable, told=str(told), then=then))
    program.chmod(0o755)
    return told

"""Print the requirements that pyproject.toml names: always the core ones, and those of the extras given as arguments.

pip refuses an editable install together with hashes, so the Makefile installs these first, held to
constraints.txt, and the project itself afterwards without dependencies.
"""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]
print("\n".join([*project["dependencies"], *(line for extra in sys.argv[1:] for line in extras[extra])]))

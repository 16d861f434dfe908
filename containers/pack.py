"""Pack an image of llmctl's into an archive: `python containers/pack.py server llmctl-server.tar`.

Needs Debian 12 on amd64 and an environment made by `make install`; no root.
docs/images.md says what is inside, and how it comes into a registry.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from packing import CannotPack
from packing.archive import write_archive
from packing.cache import LayerCache
from packing.recipes import RECIPES, version
from platformdirs import user_cache_path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", choices=sorted(RECIPES))
    parser.add_argument("archive", type=Path, help="the file to write")
    parser.add_argument("--name", help="REPOSITORY:TAG inside the archive (default: localhost/llmctl/IMAGE:VERSION)")
    given = parser.parse_args()
    name = given.name or f"localhost/llmctl/{given.image}:{version()}"
    try:
        image = RECIPES[given.image](LayerCache(user_cache_path("llmctl") / "image-layers"))
        digest = write_archive(image, name, given.archive)
    except (CannotPack, OSError) as reason:
        print(reason, file=sys.stderr)
        return 1
    print(f"{given.archive}: {name}@{digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

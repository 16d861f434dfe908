"""Write the pages that follow from the code. --check only compares."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import commands_page
import engine_switch_page
import engines_page
import hardware_page
import model_facts_page
import settings_page
import sizing_page

HERE = Path(__file__).parent
PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page.page,
    "settings.md": settings_page.page,
    "hardware.md": hardware_page.page,
    "model-facts.md": model_facts_page.page,
    "engines.md": engines_page.page,
    "sizing.md": sizing_page.page,
    "engine-switch.md": engine_switch_page.page,
}


def main() -> int:
    stale = []
    for name, page in PAGES.items():
        path, text = HERE / name, page()
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"docs/{', docs/'.join(stale)}: not what the code says; run docs/generate.py", file=sys.stderr)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m llmctl.infra.provider ENGINE_ADDRESS`: the plugin, as the Pulumi CLI starts it."""

from __future__ import annotations

import sys

from llmctl.infra.provider.outside import this_machine
from llmctl.infra.provider.plugin import serve
from llmctl.infra.provider.resource import ModelServerResource

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m llmctl.infra.provider ENGINE_ADDRESS (the Pulumi CLI starts it)")
    serve(sys.argv[1], ModelServerResource(this_machine()))

"""`python -m llmctl.infra.rehearsal.kubernetes`: serve on a free loopback port, print it, end with the parent.

`--settle SECONDS`: how long the endpoints of a Service have to stay the same before it counts as ready.
"""

from __future__ import annotations

import argparse

import urllib3
from urllib3.exceptions import InsecureRequestWarning

from llmctl.infra.rehearsal.kubernetes.plugin import Plugin
from llmctl.infra.rehearsal.kubernetes.waiting import SETTLE_SECONDS
from llmctl.infra.rehearsal.serving import serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m llmctl.infra.rehearsal.kubernetes")
    parser.add_argument("--settle", type=float, default=SETTLE_SECONDS)
    urllib3.disable_warnings(InsecureRequestWarning)  # the kubeconfig says so, and the user wrote it
    serve({"kubernetes": Plugin(parser.parse_args().settle)})

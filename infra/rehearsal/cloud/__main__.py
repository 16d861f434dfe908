"""`python -m llmctl.infra.rehearsal.cloud WORLD`: serve the doubles on free loopback ports, print them, end with the
parent.

WORLD is the directory of what is there; `--account` the one of the credentials, `--realtime` waits as long as AWS does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from llmctl.infra.rehearsal.aws.package import Aws
from llmctl.infra.rehearsal.aws.refusals import RULES
from llmctl.infra.rehearsal.cloud.faults import Faults
from llmctl.infra.rehearsal.cloud.operations import Operations
from llmctl.infra.rehearsal.cloud.package import Package
from llmctl.infra.rehearsal.cloud.plugin import Plugin
from llmctl.infra.rehearsal.cloud.store import Store
from llmctl.infra.rehearsal.cloud.timeline import Timeline
from llmctl.infra.rehearsal.kubernetes.package import Kubernetes
from llmctl.infra.rehearsal.serving import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m llmctl.infra.rehearsal.cloud")
    parser.add_argument("world", type=Path)
    parser.add_argument("--account")
    parser.add_argument("--realtime", action="store_true")
    given = parser.parse_args()
    store, faults, timeline = Store(given.world), Faults(given.world), Timeline(given.world)
    packages: list[Package] = [Aws(account=given.account, rules=RULES), Kubernetes()]
    serve(
        {
            package.name: Plugin(
                Operations(package=package, store=store, faults=faults, timeline=timeline, realtime=given.realtime)
            )
            for package in packages
        }
    )


if __name__ == "__main__":
    main()

"""The Pulumi CLI: find one, else download the official release, else build it from its Go module.

version.py                which version, and which one a file is (remembered by path, time and size)
find.py                   the one the user names, one on PATH, the one in llmctl's cache; no network
release.py                the official release: streamed, resumed, checked against the published SHA-256 list
build.py                  `go build` held to the go.mod and go.sum in go/
install.py                one way after the other, alone under a lock, whole or not at all
language_host.py          what plain `pulumi up` needs beside a CLI that llmctl built itself
language_host_script.py   the executable that starts it
plugins.py                provider plugins, by Pulumi's own mechanism
setup.py                  all of it at once, with a report

Every way either yields a CLI that has answered `pulumi version`, or raises WayClosed with the reason. The reasons
of the earlier ways travel with the result, so that `llmctl setup` can say which way was taken and why.
"""

from llmctl.infra.deployment.pulumi_cli.find import find_pulumi_cli
from llmctl.infra.deployment.pulumi_cli.install import ensure_pulumi_cli
from llmctl.infra.deployment.pulumi_cli.ways import Progress, PulumiCli, Step

__all__ = ["Progress", "PulumiCli", "Step", "ensure_pulumi_cli", "find_pulumi_cli"]

"""The Pulumi CLI: find one, else download the official release, else build it from its Go module.

version.py                which version, and which one a file is (remembered by path, time and size)
find.py                   the one the user names, one on PATH, the one in llmctl's cache; no network
archive.py                the files of a release: names, checksums, unpacking; no network
release.py                the official release: streamed, resumed, checked against the published SHA-256 list
build.py                  `go build` held to the go.mod and go.sum in go/
install.py                one way after the other, alone under a lock, whole or not at all
language_host.py          what plain `pulumi up` needs beside a CLI that llmctl built itself
language_host_script.py   the executable that starts it
plugins.py                provider plugins, by Pulumi's own mechanism
setup.py                  all of it at once, with a report

Every way either yields a CLI that has answered `pulumi version`, or raises WayClosed with the reason. The reasons
of the earlier ways travel with the result, so that `llmctl setup` can say which way was taken and why.

Nothing is imported here: `find` is on the way of every command, and the HTTP client alone would cost it 0.2 s.
"""

"""The cluster's certificate authority, the certificates that everyone knows everyone by, and kubeconfigs.

Made with openssl: names and groups of the certificates are those that Kubernetes gives roles to
(https://kubernetes.io/docs/setup/best-practices/certificates/).
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DAYS = "30"
EMPTY_CONFIGURATION = "[req]\ndistinguished_name=name\n[name]\n"
"""Debian's own would make every certificate an authority."""


@dataclass(frozen=True)
class Authority:
    directory: Path

    @property
    def certificate(self) -> Path:
        return self.directory / "ca.crt"

    @property
    def service_account_key(self) -> Path:
        """Signs the tokens of service accounts."""
        return self.directory / "service-accounts.key"

    def create(self) -> None:
        self.directory.mkdir(mode=0o700)
        (self.directory / "openssl.cnf").write_text(EMPTY_CONFIGURATION)
        usage = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign", "subjectKeyIdentifier=hash"]
        self._request("ca", "/CN=cluster-ca", usage, [])
        _openssl("genrsa", "-out", str(self.service_account_key), "2048")

    def issue(self, file: str, user: str, group: str = "", names: Sequence[str] = ()) -> Issued:
        """A certificate for a client, and with `names` (`IP:…`, `DNS:…`) also for the server of these names."""
        usage = ["authorityKeyIdentifier=keyid", "extendedKeyUsage=clientAuth,serverAuth"]
        usage += [f"subjectAltName={','.join(names)}"] if names else []
        subject = f"/O={group}/CN={user}" if group else f"/CN={user}"
        signer = ["-CA", str(self.certificate), "-CAkey", str(self.directory / "ca.key")]
        return self._request(file, subject, usage, signer)

    def issued(self, file: str) -> Issued:
        """Where the files of that name are, or will be."""
        return Issued(self.directory / f"{file}.crt", self.directory / f"{file}.key")

    def _request(self, file: str, subject: str, extensions: Sequence[str], signer: Sequence[str]) -> Issued:
        issued = self.issued(file)
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(issued.key)]
        added = [word for extension in extensions for word in ("-addext", extension)]
        common = ["-x509", "-config", str(self.directory / "openssl.cnf"), "-days", DAYS, "-subj", subject]
        _openssl("req", *common, *key, *added, *signer, "-out", str(issued.certificate))
        return issued


@dataclass(frozen=True)
class Issued:
    certificate: Path
    key: Path


def write_kubeconfig(file: Path, name: str, server: str, authority: Authority, client: Issued) -> None:
    """A kubeconfig with everything in it, so that it can be copied."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [
            {
                "name": name,
                "cluster": {"server": server, "certificate-authority-data": _encoded(authority.certificate)},
            }
        ],
        "users": [
            {
                "name": name,
                "user": {
                    "client-certificate-data": _encoded(client.certificate),
                    "client-key-data": _encoded(client.key),
                },
            }
        ],
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(content, indent=1))


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _openssl(*words: str) -> None:
    made = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)
    assert made.returncode == 0, f"openssl {words[0]}: {made.stderr}"

"""etcd, the API server and what works through it."""

from __future__ import annotations

from pathlib import Path

from drivers.cluster.addresses import Addresses
from drivers.cluster.credentials import Authority, Issued
from drivers.cluster.programs import Program

API_PORT = 6443


def etcd(binaries: Path, data: Path) -> Program:
    """On loopback, where only the control plane reaches it. Nothing has to survive a power cut, so no fsync."""
    argv = [str(binaries / "etcd"), "--data-dir", str(data), "--unsafe-no-fsync", "--log-level=warn"]
    return Program("etcd", argv)


def api_server(binaries: Path, addresses: Addresses, authority: Authority, own: Issued) -> Program:
    argv = [
        str(binaries / "kube-apiserver"),
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={addresses.control_plane}",
        f"--secure-port={API_PORT}",
        f"--service-cluster-ip-range={addresses.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged",
        f"--client-ca-file={authority.certificate}",
        f"--tls-cert-file={own.certificate}",
        f"--tls-private-key-file={own.key}",
        f"--kubelet-certificate-authority={authority.certificate}",
        f"--kubelet-client-certificate={own.certificate}",
        f"--kubelet-client-key={own.key}",
        "--kubelet-preferred-address-types=InternalIP",  # logs and exec would look up the node's name otherwise
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={authority.service_account_key}",
        f"--service-account-signing-key-file={authority.service_account_key}",
    ]
    return Program("kube-apiserver", argv)


def controller_manager(binaries: Path, kubeconfig: Path, authority: Authority) -> Program:
    argv = [
        str(binaries / "kube-controller-manager"),
        *_one_of_its_kind(kubeconfig),
        "--use-service-account-credentials",
        f"--service-account-private-key-file={authority.service_account_key}",
        f"--root-ca-file={authority.certificate}",
    ]
    return Program("kube-controller-manager", argv)


def scheduler(binaries: Path, kubeconfig: Path) -> Program:
    return Program("kube-scheduler", [str(binaries / "kube-scheduler"), *_one_of_its_kind(kubeconfig)])


def _one_of_its_kind(kubeconfig: Path) -> list[str]:
    files = [f"--{use}kubeconfig={kubeconfig}" for use in ("", "authentication-", "authorization-")]
    return [*files, "--leader-elect=false"]


def coredns(binaries: Path, configuration: Path) -> Program:
    return Program("coredns", [str(binaries / "coredns"), "-conf", str(configuration)])


def corefile(kubeconfig: Path, address: str) -> str:
    """The zones and times that kubeadm configures, without a server to forward other names to."""
    return f""".:53 {{
    bind {address}
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }}
    cache 30 {{
        disable success cluster.local
        disable denial cluster.local
    }}
    loop
    loadbalance
}}
"""

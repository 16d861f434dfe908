"""containerd, kubelet and kube-proxy of one node. All paths are those that the node sees."""

from __future__ import annotations

import json
from pathlib import Path

from drivers.cluster.addresses import Addresses
from drivers.cluster.layout import NODE_HOME
from drivers.cluster.programs import Program

PAUSE_IMAGE = "llmctl.test/pause:1"
CONTAINERD_SOCKET = Path("/run/containerd/containerd.sock")
CNI_DIRECTORY = NODE_HOME / "cni"


def containerd() -> Program:
    return Program("containerd", ["/usr/bin/containerd", "--config", str(NODE_HOME / "containerd.toml")])


def containerd_configuration() -> str:
    """restrict_oom_score_adj: root without CAP_SYS_RESOURCE may not lower the score, and no pod would start."""
    return f"""version = 2
root = "{NODE_HOME}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]

[grpc]
address = "{CONTAINERD_SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
restrict_oom_score_adj = true
sandbox_image = "{PAUSE_IMAGE}"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{CNI_DIRECTORY}"
"""


def pod_network(addresses: Addresses, node: int) -> str:
    """A bridge for the node's pods. Other nodes and the host have routes to them, so nothing is translated."""
    bridge = {
        "type": "bridge",
        "bridge": "pods",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(NODE_HOME / "cni-addresses"),
            "ranges": [[{"subnet": str(addresses.pods(node))}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, ports]})


def kubelet(binaries: Path, name: str, addresses: Addresses, node: int) -> Program:
    argv = [
        str(binaries / "kubelet"),
        f"--config={NODE_HOME}/kubelet.json",
        f"--kubeconfig={NODE_HOME}/kubelet.kubeconfig",
        f"--root-dir={NODE_HOME}/kubelet",
        f"--hostname-override={name}",
        f"--node-ip={addresses.node(node)}",
    ]
    return Program("kubelet", argv)


def kubelet_configuration(addresses: Addresses, control_group: str) -> str:
    """The disk thresholds are off: how full this machine's disk is says nothing about the cluster."""
    content = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{NODE_HOME}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{NODE_HOME}/kubelet.crt",
        "tlsPrivateKeyFile": f"{NODE_HOME}/kubelet.key",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": control_group,
        "oomScoreAdj": 0,  # see containerd_configuration
        "failSwapOn": False,
        "clusterDNS": [str(addresses.dns_service)],
        "clusterDomain": "cluster.local",
        "resolvConf": "",  # the host's servers cannot be reached from here
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "podLogsDir": f"{NODE_HOME}/pod-logs",
        "volumePluginDir": f"{NODE_HOME}/volume-plugins",
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "0%", "imagefs.available": "0%"},
        "imageGCHighThresholdPercent": 100,
    }
    return json.dumps(content, indent=1)


def kube_proxy(binaries: Path) -> Program:
    return Program("kube-proxy", [str(binaries / "kube-proxy"), f"--config={NODE_HOME}/kube-proxy.json"])


def kube_proxy_configuration(name: str, addresses: Addresses) -> str:
    """clusterCIDR: what does not come from a pod, as the host's requests, leaves with the node's own address."""
    content = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": f"{NODE_HOME}/kube-proxy.kubeconfig"},
        "hostnameOverride": name,
        "mode": "iptables",
        "clusterCIDR": str(addresses.all_pods),
        "oomScoreAdj": 0,
        "conntrack": {"maxPerCore": 0, "min": 0},  # the limit is the host's, not this namespace's
    }
    return json.dumps(content, indent=1)

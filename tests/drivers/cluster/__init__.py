"""A real Kubernetes on this machine: API server, scheduler, kubelets, containerd, kube-proxy, DNS, real pods.

`Cluster.start(directory)` gives one. What runs where:

    this process      Cluster: the vocabulary of the tests
    guard             a process of the host: makes uplink and cgroups, clears all away when the test runner ends
    inside.cluster    process 1 of the cluster's namespaces: the bridge, etcd, the API server, its controllers, DNS
    inside.node       process 1 of each node's namespaces: containerd, kubelet, kube-proxy

The one rule: everything of a cluster descends from inside.cluster in one process namespace, so ending that process ends
all of it; links, routes, firewall rules and mounts belong to the namespaces and go with them.
"""

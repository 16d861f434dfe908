"""The target `kubernetes`: any cluster that a kubeconfig context names."""

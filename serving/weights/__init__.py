"""How weights get into a pod: a relay that may leave the cluster, a fetcher that verifies, a check of the GPUs."""

"""What runs in a cluster of ours beside the stack: node autoscaler, target registration, GPUs' device plugin. Manifests
as plain dicts; leaves may be Pulumi Outputs. Nobody in them holds more rights than its part here needs."""

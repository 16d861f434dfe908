"""Kubernetes objects as plain dicts; leaves may be values that a deployment tool knows later."""

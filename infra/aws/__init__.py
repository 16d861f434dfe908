"""The AWS target: EKS with GPU node pools in the user's own account, and the Kubernetes target's objects in it."""

"""Why a stack is in trouble: one cause, one fix. Pure on a snapshot and on the last lines of logs.

Each module knows the causes of one stage in the life of a pod and yields what it finds:
creation (the API server takes the pod) -> volumes -> placement (a node takes it) -> images -> containers (weights,
GPU check, engine) -> traffic (the gateway).
`causes` asks them in that order, because a later stage cannot be at fault before.
"""

"""IAM, key and bucket policies of a stack, as plain dicts: pure functions over where the stack is and its names.

No resource is `*`, but for the API actions that know no other (`unscoped.py`); no action has a `*`, no NotAction is
there; who is allowed is named exactly. Where AWS makes up the ids, the resource is a type of this account and region,
and a tag decides.
"""

"""Is it ready? One rule per kind, from objects as the API server has them; no clock, no connection.

`rules.RULES` says which kinds are waited for, and what else each rule wants to see. Other kinds are ready once applied.
"""

"""How each engine behaves towards callers and operators; one file per engine."""

"""The terminal: parse, call one function of the layers below, show its result.

Only `console.py` writes to the terminal. Nothing here imports a cloud SDK or pulumi when it is imported.
"""

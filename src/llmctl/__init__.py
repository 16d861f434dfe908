"""llmctl: open LLMs behind a private endpoint in an account you own, and nothing left that bills.

The four rooms are directories at the top of the repository, linked into this package:

    cli       > the Typer app; commands are glue
    infra     > everything that touches Pulumi, a cloud account or a cluster
    serving   > what to run, never where: engines, models, sizing, the local model server
    policies    rules as pure functions; imports none of the other three
"""

__version__ = "0.1.0"

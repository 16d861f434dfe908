"""The tags of everything that a stack makes: whose it is, for what, and what it may hold."""

from __future__ import annotations

from llmctl.infra.aws_settings import AwsSettings

STACK = "llmctl:stack"
OWNER, ENVIRONMENT, DATA_CLASS = "llmctl:owner", "llmctl:environment", "llmctl:data-class"


def tags(settings: AwsSettings, stack: str) -> dict[str, str]:
    """The user's own, and ours, which theirs cannot replace."""
    ours = {
        STACK: stack,
        OWNER: settings.owner,
        ENVIRONMENT: settings.environment,
        DATA_CLASS: settings.data_class,
    }
    return {**settings.tags, **ours}

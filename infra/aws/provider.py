"""The one provider of a stack in AWS: it works on that account and region only, and tags all that it makes."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from llmctl.infra.aws.tags import tags
from llmctl.infra.aws_settings import AwsSettings

NAME = "account"


def account_provider(settings: AwsSettings, stack: str) -> aws.Provider:
    """Credentials are those of the environment or of `profile`; none is in the state."""
    return aws.Provider(
        NAME,
        aws.ProviderArgs(
            region=settings.region,
            profile=settings.profile,
            allowed_account_ids=[settings.account],
            default_tags=aws.ProviderDefaultTagsArgs(tags=tags(settings, stack)),
        ),
        pulumi.ResourceOptions(),
    )

"""What AWS refuses, the double refuses: pure rules by service, each with the API's own error code and its page.

A rule reads a request and what is there, and nothing else. Where AWS takes a request that can never work, and only the
first node or the first log line shows it, the rule says `later=True` and the double refuses at once.
"""

from __future__ import annotations

from llmctl.infra.rehearsal.aws.refusals import (
    access,
    buckets,
    cluster,
    identity,
    keys,
    launch_templates,
    network,
    node_pools,
    nodes,
    records,
    tags,
)
from llmctl.infra.rehearsal.aws.refusals.rule import AwsRule

RULES: tuple[AwsRule, ...] = (
    *network.RULES,
    *keys.RULES,
    *buckets.RULES,
    *records.RULES,
    *identity.RULES,
    *cluster.RULES,
    *access.RULES,
    *launch_templates.RULES,
    *node_pools.RULES,
    *nodes.RULES,
    *tags.RULES,
)

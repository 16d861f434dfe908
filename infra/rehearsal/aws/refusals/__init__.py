"""What AWS refuses, the double refuses: pure rules by service, each with the API's own error code and its page.

A rule reads a request and what is there, and nothing else. Where AWS takes a request that can never work, and only the
first node or the first log line shows it, the rule says `later=True` and the double refuses at once.
"""

from __future__ import annotations

from llmctl.infra.rehearsal.aws.refusals import (
    access,
    buckets,
    cluster,
    deletion,
    identity,
    keys,
    launch_templates,
    listeners,
    load_balancer,
    network,
    node_pools,
    nodes,
    records,
    security_groups,
    tags,
)
from llmctl.infra.rehearsal.aws.refusals.rule import AwsRule

RULES: tuple[AwsRule, ...] = (
    *network.RULES,
    *security_groups.RULES,
    *keys.RULES,
    *buckets.RULES,
    *records.RULES,
    *identity.RULES,
    *cluster.RULES,
    *access.RULES,
    *launch_templates.RULES,
    *node_pools.RULES,
    *nodes.RULES,
    *load_balancer.RULES,
    *listeners.RULES,
    *tags.RULES,
    *deletion.RULES,
)

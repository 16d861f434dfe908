"""What an account has of quotas, and what of them is in use: quotas.Facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from llmctl.infra.aws.api import Api
from llmctl.infra.aws.quotas import ADDRESSES, VPCS, Facts, Quota, family
from llmctl.infra.aws.tags import STACK
from llmctl.infra.aws_settings import AwsSettings

ALIVE = {"Name": "instance-state-name", "Values": ["pending", "running"]}


def read_facts(api: Api, settings: AwsSettings, stack: str) -> Facts:
    """Raises AccountError's kinds."""
    wanted = {capacity.machine_type for pool in settings.node_pools.values() for capacity in pool.capacity}
    running = [each for each in _running(api) if not _is_of(each, stack)]
    vcpus = _vcpus(api, wanted | {str(each["InstanceType"]) for each in running})
    used: Counter[tuple[str, bool]] = Counter()
    for each in running:
        spot = each.get("InstanceLifecycle") == "spot"
        used[family(each["InstanceType"]), spot] += vcpus.get(each["InstanceType"], 0)
    return Facts(
        quotas={quota.name: quota for quota in _quotas(api)},
        offered=_offered(api, wanted),
        vcpus=vcpus,
        used_vcpus=used,
        vpcs=sum(not _is_of(each, stack) for each in api.pages("ec2", "describe_vpcs", "Vpcs")),
        addresses=sum(not _is_of(each, stack) for each in api.ask("ec2", "describe_addresses")["Addresses"]),
    )


def _quotas(api: Api) -> Iterator[Quota]:
    """The account's own, and the default where it has no own."""
    for service, only in (("ec2", None), ("vpc", {VPCS, ADDRESSES})):
        for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
            for each in api.pages("service-quotas", operation, "Quotas", ServiceCode=service):
                if only is None or each["QuotaName"] in only:
                    yield Quota(name=each["QuotaName"], service=service, code=each["QuotaCode"], value=each["Value"])


def _offered(api: Api, types: Collection[str]) -> Mapping[str, frozenset[str]]:
    if not types:
        return {}
    only = [{"Name": "instance-type", "Values": sorted(types)}]
    found = list(
        api.pages(
            "ec2",
            "describe_instance_type_offerings",
            "InstanceTypeOfferings",
            LocationType="availability-zone",
            Filters=only,
        )
    )
    return {name: frozenset(each["Location"] for each in found if each["InstanceType"] == name) for name in types}


def _vcpus(api: Api, types: Collection[str]) -> Mapping[str, int]:
    """By a filter, since naming one that a region does not know is an error."""
    if not types:
        return {}
    only = [{"Name": "instance-type", "Values": sorted(types)}]
    found = api.pages("ec2", "describe_instance_types", "InstanceTypes", Filters=only)
    return {each["InstanceType"]: int(each["VCpuInfo"]["DefaultVCpus"]) for each in found}


def _running(api: Api) -> Iterator[Mapping[str, Any]]:
    for reservation in api.pages("ec2", "describe_instances", "Reservations", Filters=[ALIVE]):
        yield from reservation["Instances"]


def _is_of(thing: Mapping[str, Any], stack: str) -> bool:
    return {"Key": STACK, "Value": stack} in (thing.get("Tags") or ())

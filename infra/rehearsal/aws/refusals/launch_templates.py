"""What EC2 refuses of a launch template; what it does not look at, the first node meets."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from llmctl.infra.rehearsal.aws.refusals.neighbours import in_region, listed, mapped, number
from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, refuses
from llmctl.infra.rehearsal.aws.region_data import offered_in, vcpus_of_machines
from llmctl.infra.rehearsal.cloud.request import Request, World

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"

API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
EBS = f"{API}/API_EbsBlockDevice.html"
GP3 = "https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html"

NAME = re.compile(r"[a-zA-Z0-9()./_-]{3,128}")
HOPS = range(1, 65)
GP3_GIB, GP3_IOPS, GP3_THROUGHPUT = (1, 65_536), (3_000, 80_000), (125, 2_000)
"""GiB, operations and MiB a second; the last of each is allowed."""

IOPS_OF_GIB = 500
THROUGHPUT_OF_IOPS = 0.25
MOST_USER_DATA = 16_384
"""Bytes, before base64."""


@refuses(
    LAUNCH_TEMPLATE, code="InvalidLaunchTemplateName.MalformedException", documentation=f"{API}/errors-overview.html"
)
def template_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("name", "unnamed"))
    if NAME.fullmatch(name):
        return None
    return f"'{name}' is no name of a launch template: 3 to 128 letters, digits and ( ) . / _ -."


@refuses(
    LAUNCH_TEMPLATE,
    code="InvalidLaunchTemplateName.AlreadyExistsException",
    documentation=f"{API}/errors-overview.html",
)
def template_exists(request: Request, world: World) -> str | None:
    name = request.inputs.get("name")
    taken = any(name and one.outputs.get("name") == name for one in in_region(request, world, LAUNCH_TEMPLATE))
    return f"Launch template name already in use: {name}." if taken else None


@refuses(
    LAUNCH_TEMPLATE,
    code="InvalidParameterValue",
    documentation=f"{API}/API_LaunchTemplateInstanceMetadataOptionsRequest.html",
    on=WRITE,
)
def metadata_hops(request: Request, _: World) -> str | None:
    hops = number(mapped(request.inputs, "metadataOptions"), "httpPutResponseHopLimit")
    return None if hops is None or hops in HOPS else f"HttpPutResponseHopLimit is {hops:.0f}; 1 to 64 are allowed."


@refuses(LAUNCH_TEMPLATE, code="InvalidParameterValue", documentation=EBS, on=WRITE)
def volume_range(request: Request, _: World) -> str | None:
    for volume in _gp3_volumes(request):
        for key, (least, most) in (("volumeSize", GP3_GIB), ("iops", GP3_IOPS), ("throughput", GP3_THROUGHPUT)):
            value = number(volume, key)
            if value is not None and not least <= value <= most:
                return f"{key} of a gp3 volume is {value:.0f}; {least} to {most} are allowed."
    return None


@refuses(LAUNCH_TEMPLATE, code="InvalidParameterValue", documentation=GP3, on=WRITE, later=True)
def volume_ratio(request: Request, _: World) -> str | None:
    for volume in _gp3_volumes(request):
        iops, throughput = number(volume, "iops") or GP3_IOPS[0], number(volume, "throughput") or GP3_THROUGHPUT[0]
        size = number(volume, "volumeSize")
        if throughput > iops * THROUGHPUT_OF_IOPS:
            ratio = throughput / iops
            return f"Throughput (MiBps) to iops ratio of {ratio:.3f} is too high; maximum is 0.25 MiBps per iops."
        if size is not None and iops > max(size * IOPS_OF_GIB, GP3_IOPS[0]):
            return f"Iops to volume size ratio of {iops / size:.0f} is too high; maximum is {IOPS_OF_GIB}."
    return None


@refuses(LAUNCH_TEMPLATE, code="InvalidParameterCombination", documentation=EBS, on=WRITE)
def throughput_of_another_type(request: Request, _: World) -> str | None:
    for volume in _volumes(request):
        if volume.get("throughput") and volume.get("volumeType") != "gp3":
            return f"The parameter throughput is not supported for {volume.get('volumeType', 'gp2')} volumes."
    return None


@refuses(LAUNCH_TEMPLATE, code="InvalidParameterDependency", documentation=EBS, on=WRITE)
def key_of_unencrypted_volume(request: Request, _: World) -> str | None:
    for volume in _volumes(request):
        if volume.get("kmsKeyId") and str(volume.get("encrypted")).lower() != "true":
            return "The parameter KmsKeyId requires the parameter Encrypted to be set."
    return None


@refuses(LAUNCH_TEMPLATE, code="InvalidUserData.Malformed", documentation=f"{API}/errors-overview.html", on=WRITE)
def user_data(request: Request, _: World) -> str | None:
    text = request.inputs.get("userData")
    try:
        bytes_ = len(base64.b64decode(str(text or ""), validate=True))
    except binascii.Error:
        return "Invalid BASE64 encoding of user data."
    return None if bytes_ <= MOST_USER_DATA else f"User data has {bytes_} bytes and is limited to {MOST_USER_DATA}."


@refuses(
    LAUNCH_TEMPLATE,
    code="InvalidInstanceType",
    documentation=f"{API}/errors-overview.html",
    on=WRITE,
    later=True,
)
def machine_of_template(request: Request, _: World) -> str | None:
    machine = request.inputs.get("instanceType")
    return None if machine is None else not_offered(str(machine), request.region)


def not_offered(machine: str, region: str) -> str | None:
    """Types that the data does not know are believed if their family is not one of its families."""
    offered = offered_in(machine, region)
    if offered:
        return None
    families = {name.partition(".")[0] for name in vcpus_of_machines()}
    unknown = machine not in vcpus_of_machines()
    if unknown and machine.partition(".")[0] in families:
        return f"Invalid instance type: {machine} is none."
    return None if offered is None else f"The instance type {machine} is not offered in {region}."


def _gp3_volumes(request: Request) -> Iterator[Mapping[str, Any]]:
    return (volume for volume in _volumes(request) if volume.get("volumeType") == "gp3")


def _volumes(request: Request) -> Iterator[Mapping[str, Any]]:
    mappings = listed(request.inputs, "blockDeviceMappings")
    return (mapped(one, "ebs") for one in mappings if isinstance(one, Mapping))


RULES = (
    template_name,
    template_exists,
    metadata_hops,
    volume_range,
    volume_ratio,
    throughput_of_another_type,
    key_of_unencrypted_volume,
    user_data,
    machine_of_template,
)

"""Networks and load balancers as the components take them, for one stack in one place."""

from __future__ import annotations

from drivers.declared import ACCOUNT, REGION

from llmctl.infra.aws.load_balancer import LoadBalancerArgs
from llmctl.infra.aws.names import Names
from llmctl.infra.aws.network import NetworkArgs
from llmctl.infra.aws.place import Place
from llmctl.infra.aws_settings import Nat

NAMES = Names("dev", Place(account=ACCOUNT, region=REGION))
LOG_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs"
LOG_BUCKET = "llmctl-dev-logs"
ZONES = (f"{REGION}a", f"{REGION}b", f"{REGION}c")
CIDR = "10.64.0.0/16"
PODS_GROUP = "sg-cluster"
PODS_PORT = 8080

ONE_NAT = NetworkArgs(
    names=NAMES,
    cidr=CIDR,
    zones=ZONES,
    nat=Nat.ONE,
    endpoints="s3",
    public_balancer=False,
    buckets=("llmctl-dev-models",),
    flow_log_days=90,
    log_key=LOG_KEY,
)

PUBLIC = LoadBalancerArgs(
    names=NAMES,
    public=True,
    domain="llm.example.com",
    hosted_zone="Z111",
    certificate=None,
    vpc_id="vpc-1",
    cidr=CIDR,
    subnet_ids=["subnet-1", "subnet-2"],
    pods_group=PODS_GROUP,
    pods_port=PODS_PORT,
    drain_seconds=600,
    requests_per_five_minutes=2000,
    log_bucket=LOG_BUCKET,
    log_days=90,
    log_key=LOG_KEY,
    deletion_protection=False,
)

ANSWERS = {
    "aws:acm/certificate:Certificate": {
        "domainValidationOptions": [
            {
                "domainName": PUBLIC.domain,
                "resourceRecordName": f"_proof.{PUBLIC.domain}",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "_value.acm-validations.aws",
            }
        ]
    },
    "aws:lb/loadBalancer:LoadBalancer": {"dnsName": "dev.elb.amazonaws.com", "zoneId": "Z222"},
    "aws:route53/record:Record": {"fqdn": f"_proof.{PUBLIC.domain}"},
}
"""What the cloud would add."""

from __future__ import annotations

import pytest

from llmctl.infra.kubernetes.object import type_token
from llmctl.infra.rehearsal.kubernetes.errors import Refused
from llmctl.infra.rehearsal.kubernetes.type_tokens import api_of_urn

KINDS = {
    ("v1", "Service"): "kubernetes:core/v1:Service",
    ("apps/v1", "Deployment"): "kubernetes:apps/v1:Deployment",
    ("networking.k8s.io/v1", "NetworkPolicy"): "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    ("monitoring.coreos.com/v1", "PodMonitor"): "kubernetes:monitoring.coreos.com/v1:PodMonitor",
}


@pytest.mark.parametrize(("api", "token"), KINDS.items())
def test_a_kind_has_the_type_token_of_the_sdk_and_the_double_reads_it_back(api: tuple[str, str], token: str) -> None:
    assert type_token(*api) == token
    assert api_of_urn(f"urn:pulumi:dev::demo::llmctl:kubernetes:Model${token}::name") == api


@pytest.mark.parametrize("token", ["kubernetes:v1:Service", "aws:s3/v1:Bucket"])
def test_what_is_no_object_is_refused(token: str) -> None:
    with pytest.raises(Refused):
        api_of_urn(f"urn:pulumi:dev::demo::{token}::name")

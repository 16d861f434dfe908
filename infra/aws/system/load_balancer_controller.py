"""The AWS Load Balancer Controller, for one thing: the pods of a TargetGroupBinding become targets of a group that
Pulumi made. Balancers, listeners and their security groups are Pulumi's."""

from __future__ import annotations

import base64
from typing import Any

from llmctl.infra.aws.system import parts
from llmctl.infra.aws.system.parts import LOAD_BALANCER_CONTROLLER as NAME
from llmctl.infra.aws.system.parts import READ, Manifest, rule
from llmctl.infra.aws.system.serving_certificate import serving_certificate

GROUP = "elbv2.k8s.aws"
LEASE = "aws-load-balancer-controller-leader"
"""pkg/config/runtime_config.go, as are the directory below and the port."""

CERTIFICATES, CERTIFICATE_PATH = f"{NAME}-serving", "/tmp/k8s-webhook-server/serving-certs"  # noqa: S108  (its default)
HEALTH_PORT = 61779

OFF = ("EnableServiceController", "ALBGatewayAPI", "NLBGatewayAPI", "GatewayListenerSet")
"""Feature gates. Its ingress controller has none, so it watches a class that nobody uses."""

UNUSED_CLASS = "llmctl-unused"


def load_balancer_controller(*, image: Any, cluster_name: str, region: str, vpc_id: Any) -> list[list[Manifest]]:
    """Waves. Neither webhook is registered: they fill in fields of a TargetGroupBinding (targetType, which therefore
    has to be written) and readiness gates of pods (`readiness_gate`), and one that is down stops every new pod.
    """
    rights = [*parts.role(NAME, _cluster_rules(), cluster=True), *parts.role(NAME, _own_rules(), cluster=False)]
    return [
        [*custom_resources(), parts.service_account(NAME), _serving_secret()],
        rights,
        [parts.deployment(_controller(image, cluster_name, region, vpc_id))],
    ]


def readiness_gate(binding: str) -> Manifest:
    """For pods of the binding's Service: not ready before their target is healthy, so that none of the old ones go
    too early (pkg/targetgroupbinding/utils.go)."""
    return {"conditionType": f"target-health.{GROUP}/{binding}"}


def custom_resources() -> list[Manifest]:
    """Both that it watches. What a binding says is checked by the controller, not by the schema."""
    return [
        _custom_resource("TargetGroupBinding", "targetgroupbindings", "Namespaced"),
        _custom_resource("IngressClassParams", "ingressclassparams", "Cluster"),
    ]


def _custom_resource(kind: str, plural: str, scope: str) -> Manifest:
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1beta1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}} if scope == "Namespaced" else {},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": free, "status": free}}},
    }
    spec = {
        "group": GROUP,
        "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": plural.removesuffix("s")},
        "scope": scope,
        "versions": [version],
    }
    return parts.named(
        "CustomResourceDefinition", f"{plural}.{GROUP}", "apiextensions.k8s.io/v1", namespaced=False, spec=spec
    )


def _serving_secret() -> Manifest:
    """It starts no other way than with a port for webhooks, which needs a certificate; nothing is let in there."""
    certificate, key = serving_certificate(NAME)
    data = {"tls.crt": base64.b64encode(certificate).decode(), "tls.key": base64.b64encode(key).decode()}
    return parts.named("Secret", CERTIFICATES, type="kubernetes.io/tls", data=data)


def _controller(image: Any, cluster_name: str, region: str, vpc_id: Any) -> parts.Controller:
    return parts.Controller(
        name=NAME,
        image=image,
        command=(),
        args=[
            f"--cluster-name={cluster_name}",
            # Else it asks the metadata service, which pods do not reach.
            f"--aws-region={region}",
            vpc_id,
            f"--ingress-class={UNUSED_CLASS}",
            "--feature-gates=" + ",".join(f"{gate}=false" for gate in OFF),
            "--enable-shield=false",
            "--enable-waf=false",
            "--enable-wafv2=false",
        ],
        health=(HEALTH_PORT, "/healthz"),
        env={},
        cpu="100m",
        memory="500Mi",
        volumes=[{"name": "serving", "secret": {"secretName": CERTIFICATES, "defaultMode": 0o440}}],
        mounts=[{"name": "serving", "mountPath": CERTIFICATE_PATH, "readOnly": True}],
    )


def _cluster_rules() -> list[Manifest]:
    """Of config/rbac/role.yaml, what remains: others' ingresses and services are read, since it starts no other way,
    and nothing of them is written."""
    return [
        rule(GROUP, "targetgroupbindings", f"{READ} update patch"),
        rule(GROUP, "targetgroupbindings/status", "update patch"),
        rule(GROUP, "ingressclassparams", READ),
        rule("networking.k8s.io", "ingresses ingressclasses", READ),
        rule("core", "namespaces nodes pods services", READ),
        rule("core", "pods/status", "update patch"),
        rule("core", "events", "create patch"),
        rule("discovery.k8s.io", "endpointslices", READ),
    ]


def _own_rules() -> list[Manifest]:
    return parts.lease(LEASE)

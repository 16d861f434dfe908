"""A Service is ready when its endpoints have settled and none of them is not ready yet.

One without any endpoint is ready too once that has not changed for a while. A headless Service, one without a selector
and one that is a mere name are not waited for.
"""

from __future__ import annotations

from llmctl.infra.rehearsal.kubernetes.readiness.judgement import Judgement, Observed, spec, status

NO_PODS = (
    "Service does not target any Pods. Selected Pods may not be ready, or "
    "field '.spec.selector' may not match labels on any Pods"
)
NO_ADDRESS = "Service was not allocated an IP address; does your cloud provider support this?"


def service(seen: Observed) -> Judgement:
    wanted, name = spec(seen.live), seen.live["metadata"]["name"]
    balanced = wanted.get("type") == "LoadBalancer"
    has_address = not balanced or bool((status(seen.live).get("loadBalancer") or {}).get("ingress"))
    if wanted.get("type") == "ExternalName" or wanted.get("clusterIP") == "None" or not wanted.get("selector"):
        return Judgement(has_address, "[2/3] Attempting to allocate IP address to Service", problems=())
    endpoints = [each for each in seen.related.get("Endpoints", ()) if each["metadata"]["name"] == name]
    subsets = [subset for each in endpoints for subset in each.get("subsets") or ()]
    reached = any(subset.get("addresses") for subset in subsets)
    pending = any(subset.get("notReadyAddresses") for subset in subsets)
    settled = bool(endpoints) and seen.quiet
    ready = has_address and settled and not pending
    step = "[2/3] Attempting to allocate IP address to Service" if settled and reached else FINDING
    problems = (*(() if reached else (NO_PODS,)), *(() if has_address else (NO_ADDRESS,)))
    return Judgement(ready, "Service initialization complete" if ready else step, problems=problems)


FINDING = "[1/3] Finding Pods to direct traffic to"

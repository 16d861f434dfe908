"""What an `up` or a `down` came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmctl.cli.view import View
from llmctl.cli.views.plan import plan_data
from llmctl.infra.plan import Plan

if TYPE_CHECKING:  # a mistake in the stack file is told before Pulumi's SDK is loaded
    from llmctl.infra.deployment.change import Outcome, Receipt


def outcome_view(stack: str, plan: Plan, outcome: Outcome) -> View:
    answer = outcome.answer
    data = {
        "stack": stack,
        "plan": plan_data(plan),
        "endpoint": outcome.endpoint,
        "apiKeyFile": outcome.api_key_file,
        "seconds": round(outcome.seconds, 1),
        "answer": answer.text,
        "tokensPerSecond": round(answer.tokens_per_second, 1),
    }
    text = [
        f"Up in {outcome.seconds:.1f} s. The endpoint has answered: {answer.text.strip()}",
        f"  endpoint   {outcome.endpoint}/v1",
        f"  API key    in {outcome.api_key_file}",
        f"  next       llmctl chat {stack} | llmctl status {stack} | llmctl down {stack}",
    ]
    return View(data, text)


def receipt_view(stack: str, receipt: Receipt) -> View:
    data = {
        "stack": stack,
        "destroyed": list(receipt.destroyed),
        "leftovers": list(receipt.leftovers),
        "forgotten": list(receipt.forgotten),
        "seconds": round(receipt.seconds, 1),
    }
    if receipt.leftovers:
        return View(data, [f"{stack} is not wholly gone; left: {', '.join(receipt.leftovers)}."])
    if receipt.forgotten:
        return View(data, [f"{stack} is forgotten: {len(receipt.forgotten)} objects, none of which was looked at."])
    if not receipt.destroyed:
        return View(data, [f"There was nothing to take down in {stack}."])
    return View(data, [f"{stack} is down in {receipt.seconds:.1f} s: {', '.join(receipt.destroyed)}. Nothing is left."])

"""What an `up` or a `down` came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmctl.cli.view import Table, View
from llmctl.cli.views.plan import plan_data
from llmctl.infra.plan import Plan
from llmctl.infra.receipt import Entry, Receipt

if TYPE_CHECKING:  # a mistake in the stack file is told before Pulumi's SDK is loaded
    from llmctl.infra.deployment.change import Outcome


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
        "leftovers": [_entry_data(entry) for entry in receipt.left],
        "kept": [_entry_data(entry) for entry in receipt.kept],
        "forgotten": list(receipt.forgotten),
        "seconds": round(receipt.seconds, 1),
    }
    return View(data, [*_verdict(stack, receipt), *_listed("Left", receipt.left), *_listed("Kept", receipt.kept)])


def _verdict(stack: str, receipt: Receipt) -> list[str]:
    if not receipt.clean:
        return [f"{stack} is not wholly gone: something that bills is left."]
    if receipt.forgotten and not receipt.destroyed:
        return [f"{stack} is forgotten: {len(receipt.forgotten)} objects, none of which was looked at."]
    if not receipt.destroyed and not receipt.entries:
        return [f"There was nothing to take down in {stack}."]
    taken = f"{stack} is down in {receipt.seconds:.1f} s: {', '.join(receipt.destroyed) or 'nothing more was there'}."
    if receipt.entries:
        return [f"{taken} Nothing that bills is left but what was kept on purpose."]
    return [f"{taken} Nothing is left."]


def _listed(title: str, entries: tuple[Entry, ...]) -> list[str | Table]:
    """What it is, whether it costs, and how to be rid of it."""
    if not entries:
        return []
    rows = [(entry.what, entry.name, "bills" if entry.bills else "free", entry.note) for entry in entries]
    return [Table((title, "name", "cost", "what to do"), rows)]


def _entry_data(entry: Entry) -> dict[str, Any]:
    return {"name": entry.name, "what": entry.what, "bills": entry.bills, "note": entry.note}

"""Locked and open images, what locking changed, and what was copied where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llmctl.cli.view import Table, View
from llmctl.cli.views.status import size
from llmctl.serving.images.lock import Outcome, Resolution
from llmctl.serving.images.lock_file import Entry, LockedImage, LockFile, OpenImage
from llmctl.serving.images.mirror import Mirrored
from llmctl.serving.images.mirror_plan import MirrorPlan
from llmctl.serving.images.push import Pushed
from llmctl.serving.images.reference import parse_reference

NEVER_ASKED = "never asked for; run: llmctl images lock"

WORDS = {
    Outcome.LOCKED: "locked",
    Outcome.SAME: "locked, as before",
    Outcome.MOVED: "locked, the tag has moved",
    Outcome.KEPT: "not answered, the earlier digest stays",
    Outcome.OPEN: "open",
}


def list_view(lock: LockFile, wanted: Sequence[str]) -> View:
    """Raises InvalidImage for a wanted image that is no reference."""
    never = {str(parse_reference(reference)) for reference in wanted} - set(lock.images)
    entries: dict[str, Entry | None] = {**lock.images, **dict.fromkeys(never)}
    rows = [(reference, *_row(entries[reference])) for reference in sorted(entries)]
    data = [{"reference": reference, **_data(entries[reference])} for reference in sorted(entries)]
    if not rows:
        return View(data, ["No image is locked. Lock one: llmctl images lock --image REF"])
    reasons = {each["reference"]: each["reason"] for each in data if each["digest"] is None}
    return View(data, [Table(("IMAGE", "STATE", "DATE", "DIGEST", "PLATFORMS"), rows), *_reasons("open", reasons)])


def lock_view(resolutions: Sequence[Resolution]) -> View:
    if not resolutions:
        return View([], ["There is no image to lock. Name one: llmctl images lock --image REF"])
    data = [
        {
            "reference": each.reference,
            "outcome": each.outcome.value,
            "before": each.before.digest if each.before else None,
            **_data(each.entry),
            "problem": each.problem,
        }
        for each in resolutions
    ]
    rows = [(each.reference, WORDS[each.outcome], each.entry.digest or "-") for each in resolutions]
    problems = {each.reference: each.problem for each in resolutions if each.problem}
    return View(data, [Table(("IMAGE", "STATE", "DIGEST"), rows), *_reasons("not locked now", problems)])


def mirror_view(plan: MirrorPlan, mirrored: Sequence[Mirrored]) -> View:
    data = {
        "images": [
            {
                "source": str(each.copy.source),
                "destination": str(each.copy.destination),
                "digest": each.copy.digest,
                "layers": each.layers,
                "sentLayers": each.sent,
                "sentBytes": each.sent_bytes,
                "problem": each.problem,
            }
            for each in mirrored
        ],
        "open": [{"reference": reference, "reason": reason} for reference, reason in plan.open.items()],
    }
    rows = [(str(each.copy.source), str(each.copy.destination), _copied(each), each.copy.digest) for each in mirrored]
    table = [Table(("IMAGE", "NOW ALSO", "STATE", "DIGEST"), rows)] if rows else []
    problems = {str(each.copy.destination): each.problem for each in mirrored if each.problem}
    waiting = _reasons("not copied, no digest yet", plan.open)
    return View(data, [*table, *_reasons("not copied", problems), *waiting])


def push_view(pushed: Pushed) -> View:
    """The reference with the digest is what a stack file takes."""
    image = f"{pushed.destination}@{pushed.digest}"
    data = {
        "image": image,
        "digest": pushed.digest,
        "layers": pushed.layers,
        "sentLayers": pushed.sent,
        "sentBytes": pushed.sent_bytes,
    }
    return View(data, [image, _sent("pushed", pushed.layers, pushed.sent, pushed.sent_bytes)])


def _reasons(state: str, reasons: Mapping[str, str]) -> list[str]:
    """Each reason once, with the images it holds for below it."""
    images: dict[str, list[str]] = {}
    for reference, reason in reasons.items():
        images.setdefault(reason, []).append(reference)
    return ["\n  ".join((f"\n{state}: {reason}", *references)) for reason, references in images.items()]


def _copied(mirrored: Mirrored) -> str:
    if mirrored.problem:
        return "not copied"
    return _sent("copied", mirrored.layers, mirrored.sent, mirrored.sent_bytes)


def _sent(done: str, layers: int, sent: int, sent_bytes: int) -> str:
    return f"{done}, {sent} of {layers} layers sent ({size(sent_bytes)})" if layers else "was there"


def _row(entry: Entry | None) -> tuple[str, str, str, str]:
    if isinstance(entry, LockedImage):
        return "locked", entry.date.isoformat(), entry.digest, ", ".join(entry.platforms)
    if isinstance(entry, OpenImage):
        return "open", entry.date.isoformat(), "-", ""
    return "open", "-", "-", ""


def _data(entry: Entry | None) -> Mapping[str, Any]:
    if isinstance(entry, LockedImage):
        return {
            "digest": entry.digest,
            "mediaType": entry.media_type,
            "platforms": dict(entry.platforms),
            "registry": entry.registry,
            "date": entry.date.isoformat(),
        }
    reason = entry.reason if entry else NEVER_ASKED
    return {"digest": None, "reason": reason, "date": entry.date.isoformat() if entry else None}

"""What is wrong with a stack, and what to do."""

from __future__ import annotations

from llmctl.cli.view import View
from llmctl.infra.diagnosis import Diagnosis


def diagnosis_view(stack: str, diagnosis: Diagnosis) -> View:
    data = {
        "stack": stack,
        "wrong": diagnosis.wrong,
        "sentence": diagnosis.sentence,
        "fix": diagnosis.fix,
        "about": diagnosis.about,
        "evidence": list(diagnosis.evidence),
    }
    evidence = [f"  {line}" for line in diagnosis.evidence]
    seen = [f"Seen at {diagnosis.about}:", *evidence] if evidence else []
    return View(data, [diagnosis.sentence, f"Fix: {diagnosis.fix}", *seen])

"""A progress callback that keeps what it was told."""

from __future__ import annotations

from llmctl.infra.deployment.pulumi_cli.ways import Step


class Screen:
    def __init__(self) -> None:
        self.steps: list[Step] = []

    def __call__(self, step: Step) -> None:
        self.steps.append(step)

    @property
    def details(self) -> str:
        return "\n".join(f"{step.name}: {step.detail}" for step in self.steps)

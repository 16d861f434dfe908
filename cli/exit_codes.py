"""Which exit code an error family has. Documented, tested, stable."""

from __future__ import annotations

from llmctl.infra.errors import Declined, DeploymentFailed, Interrupted, Refused, SettingsError
from llmctl.serving.errors import ServingError

EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (SettingsError, 2),
    (Refused, 6),
    (Declined, 7),
    (Interrupted, 130),
    (DeploymentFailed, 1),
    (ServingError, 1),
)


def exit_code(error: Exception) -> int | None:
    """None for an error that no family claims: a fault of ours."""
    return next((code for family, code in EXIT_CODES if isinstance(error, family)), None)

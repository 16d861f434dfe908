"""Which exit code an error family has. Documented, tested, stable."""

from __future__ import annotations

from pathlib import Path

from llmctl.infra.errors import Declined, DeploymentFailed, Interrupted, Refused, SettingsError
from llmctl.serving.errors import EngineError, HardwareError, InvalidImage, ModelError, ServingError, SizingError

EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (SettingsError, 2),
    (InvalidImage, 2),
    (ModelError, 2),
    (HardwareError, 2),
    (SizingError, 2),
    (EngineError, 2),
    (Refused, 6),
    (Declined, 7),
    (Interrupted, 130),
    (DeploymentFailed, 1),
    (ServingError, 1),
    (OSError, 1),  # a full disk, a directory that may not be written
)


def exit_code(error: Exception) -> int | None:
    """None for an error that no family claims: a fault of ours."""
    return next((code for family, code in EXIT_CODES if isinstance(error, family)), None)


def words(error: Exception) -> str:
    """The message for the user. An OSError's own text starts with a number that helps nobody."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or Path.cwd()}: {error.strerror}"
    return str(error)

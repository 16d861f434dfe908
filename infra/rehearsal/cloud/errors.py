"""What goes wrong in the double of a cloud, on purpose.

CloudError
├── Rejected     the cloud or its provider says no, and nothing was made
├── NotReady     it is there and not as it should be; has it as it is
└── AnswerLost   it is there, and who asked for it will not hear so
"""

from __future__ import annotations

from llmctl.infra.rehearsal.cloud.request import Existing


class CloudError(Exception):
    """Base of everything raised on purpose; the message goes to the user through the engine."""


class Rejected(CloudError):
    pass


class NotReady(CloudError):
    def __init__(self, message: str, existing: Existing) -> None:
        super().__init__(message)
        self.existing = existing


class AnswerLost(CloudError):
    pass

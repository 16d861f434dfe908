"""What the Pulumi CLI said, or that it could say nothing any more."""

from __future__ import annotations

import pytest
from pulumi.automation import CommandResult
from pulumi.automation.errors import CommandError

from llmctl.infra.deployment.workspace import translate

SAID = {
    "it was killed": (-9, "", "The Pulumi CLI was ended by signal 9 in the middle of its work. Run the command again"),
    "another passphrase": (255, "error: incorrect passphrase", "encrypted with another passphrase"),
    "something else": (1, "error: the disk is full", "error: the disk is full"),
    "nothing": (1, "", "The Pulumi CLI gave no reason."),
}


@pytest.mark.parametrize(("code", "stderr", "said"), SAID.values(), ids=SAID)
def test_the_end_of_the_cli_is_told_in_our_words(code: int, stderr: str, said: str) -> None:
    assert said in str(translate(CommandError(CommandResult(stdout="", stderr=stderr, code=code)), []))

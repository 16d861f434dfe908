from __future__ import annotations

import pytest

from llmctl.infra.aws.endpoint_access import public_cidrs
from llmctl.infra.errors import SettingsError


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0.0.0.0/0", "opens the API server to 4,294,967,296 addresses"),
        ("128.0.0.0/1", "opens the API server"),
        ("10.1.0.0/16", "private network"),
        ("203.0.113.7/24", "no IPv4 network"),
        ("2001:db8::/64", "no IPv4 network"),
        ("office", "no IPv4 network"),
    ],
)
def test_a_network_that_opens_the_api_server_to_nobody_or_everybody_is_refused(written: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        public_cidrs(["203.0.113.0/24", written])


def test_named_networks_are_let_in_once() -> None:
    assert public_cidrs(["203.0.113.0/24", "198.51.100.7/32", "203.0.113.0/24"]) == (
        "203.0.113.0/24",
        "198.51.100.7/32",
    )

"""A stack whose model comes from the Hub, here from a double of it that serves the embedded model's own bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from doubles.hub import COMMIT, HubDouble, hub_double
from drivers.laptop import Laptop
from drivers.model_server import embedded_model

MODEL = "somebody/Tiny-GGUF"


@pytest.fixture
def hub(laptop: Laptop) -> Iterator[HubDouble]:
    with hub_double() as double:
        double.has(MODEL, {"tiny.Q4_1.gguf": embedded_model().read_bytes(), "README.md": b"tiny"})
        # A cache of its own: what was downloaded before must not help. The Pulumi CLI is still the machine's.
        laptop.environ |= {"HF_ENDPOINT": double.endpoint, "LLMCTL_PULUMI": str(laptop.pulumi_cli())}
        laptop.environ |= {"XDG_CACHE_HOME": str(laptop.home / "cache")}
        file = laptop.directory / "stacks" / "Pulumi.local.yaml"
        file.write_text(file.read_text().replace("HuggingFaceTB/SmolLM2-135M-Instruct", MODEL))
        yield double


def test_two_lines_are_enough_and_the_commit_is_pinned(laptop: Laptop, hub: HubDouble) -> None:
    preview = laptop.llmctl("preview", "local", "--json")
    assert preview.json["resources"][0]["inputs"]["revision"] == COMMIT
    assert hub.ranges_asked_for() == [], "a preview downloads nothing"
    assert laptop.llmctl("up", "local", "--yes").code == 0
    assert laptop.llmctl("preview", "local", "--exit-code").code == 0
    assert len(hub.ranges_asked_for()) == 1


def test_a_download_that_was_cut_goes_on_where_it_stopped(laptop: Laptop, hub: HubDouble) -> None:
    hub.cuts_the_connection_after(40_000_000)
    up = laptop.llmctl("up", "local", "--yes")
    assert up.code == 0, up.err
    assert hub.ranges_asked_for() == [None, "bytes=40000000-"]


def test_a_gated_model_is_refused_in_the_preview_with_what_to_do(laptop: Laptop, hub: HubDouble) -> None:
    hub.requires_licence(MODEL)
    token = "hf" + "_" + "Qq7" * 11
    hub.knows_the_token(token)
    laptop.environ["HF_TOKEN"] = token
    refused = laptop.llmctl("up", "local", "--yes")
    assert refused.code == 1
    assert f"{hub.endpoint}/{MODEL}" in refused.err
    assert token not in refused.err + refused.out
    laptop.is_empty()

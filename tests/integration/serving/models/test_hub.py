from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from doubles.hub import COMMIT, HubDouble, hub_double

from llmctl.serving.errors import DownloadFailed, ModelAccessDenied, ModelDamaged, ModelNotFound, ServingError
from llmctl.serving.models.fetching import fetch
from llmctl.serving.models.hub import Hub
from llmctl.serving.models.model_file import ModelFile
from llmctl.serving.models.resolution import resolve

MODEL = "org/tiny-GGUF"
CONTENT = b"GGUF" + bytes(range(256)) * 4096
TOKEN = "hf_" + "t0ken" * 6


@dataclass
class User:
    """Somebody who wants a model: resolves and fetches with what the environment would give."""

    hub: Hub
    home: Path
    seen: list[tuple[int, int | None]] = field(default_factory=list)

    def resolves(self, model_id: str = MODEL, **asked: str) -> ModelFile:
        return resolve(model_id, base=self.home, hub=self.hub, **asked)

    def fetches(self, file: ModelFile) -> Path:
        progress = lambda done, total: self.seen.append((done, total))  # noqa: E731
        return fetch(file, cache=self.home / "cache", progress=progress, hub=self.hub)

    def kept(self) -> list[str]:
        return sorted(p.name for p in (self.home / "cache/models/hub").rglob("*") if p.is_file())


@pytest.fixture
def hub() -> Iterator[HubDouble]:
    with hub_double() as double:
        double.has(MODEL, {"README.md": b"# tiny", "tiny-Q4_K_M.gguf": CONTENT, "tiny-Q8_0.gguf": CONTENT[:-256]})
        yield double


@pytest.fixture
def user(hub: HubDouble, tmp_path: Path) -> User:
    return User(Hub(endpoint=hub.endpoint), tmp_path)


@pytest.fixture
def user_with_token(hub: HubDouble, tmp_path: Path) -> User:
    hub.knows_the_token(TOKEN)
    return User(Hub(endpoint=hub.endpoint, token=TOKEN), tmp_path)


def test_a_branch_becomes_a_commit_and_the_file_is_fetched_whole(user: User) -> None:
    file = user.resolves(revision="main")
    assert (file.revision, file.filename, file.size) == (COMMIT, "tiny-Q4_K_M.gguf", len(CONTENT))
    assert user.fetches(file).read_bytes() == CONTENT
    assert user.seen[-1] == (len(CONTENT), len(CONTENT))


def test_the_quantization_chooses_the_file(user: User) -> None:
    assert user.resolves(quantization="q8_0").filename == "tiny-Q8_0.gguf"


def test_resolving_downloads_nothing(hub: HubDouble, user: User) -> None:
    user.resolves()
    assert [seen.path for seen in hub.requests] == [f"/api/models/{MODEL}/revision/main?blobs=true"]


def test_a_second_fetch_does_not_touch_the_network(hub: HubDouble, user: User) -> None:
    file = user.resolves()
    first = user.fetches(file)
    hub.requests.clear()
    assert user.fetches(file) == first
    assert hub.requests == []


def test_a_cut_connection_is_resumed_where_it_stopped(hub: HubDouble, user: User) -> None:
    hub.cuts_the_connection_after(300_000, 100_000)
    assert user.fetches(user.resolves()).read_bytes() == CONTENT
    assert hub.ranges_asked_for() == [None, "bytes=300000-", "bytes=400000-"]


def test_a_download_is_resumed_by_the_next_run(hub: HubDouble, user: User) -> None:
    hub.cuts_the_connection_after(300_000, 0, 0, 0, 0, 0)
    file = user.resolves()
    with pytest.raises(DownloadFailed, match="could not be reached"):
        user.fetches(file)
    assert user.kept() == ["tiny-Q4_K_M.gguf.partial"], "nothing half-written under the final name"
    hub.requests.clear()
    assert user.fetches(file).read_bytes() == CONTENT
    assert hub.ranges_asked_for() == ["bytes=300000-"]
    assert user.kept() == ["tiny-Q4_K_M.gguf"]


def test_a_storage_without_ranges_sends_everything_again(hub: HubDouble, user: User) -> None:
    hub.cuts_the_connection_after(300_000)
    hub.knows_no_ranges()
    assert user.fetches(user.resolves()).read_bytes() == CONTENT


@pytest.mark.parametrize("other", [CONTENT[::-1], CONTENT + b"more"], ids=["other content", "longer"])
def test_wrong_bytes_are_refused_and_not_left_behind(hub: HubDouble, user: User, other: bytes) -> None:
    hub.serves_other_bytes(other, instead_of=CONTENT)
    with pytest.raises(ModelDamaged, match=r"tiny-Q4_K_M\.gguf has SHA-256"):
        user.fetches(user.resolves())
    assert user.kept() == []


def test_content_that_changed_since_it_was_resolved_is_refused_before_it_is_fetched(hub: HubDouble, user: User) -> None:
    file = user.resolves()
    hub.has(MODEL, {"tiny-Q4_K_M.gguf": CONTENT[::-1]})
    with pytest.raises(ModelDamaged, match=r"tiny-Q4_K_M\.gguf has SHA-256"):
        user.fetches(file)
    assert user.seen == []


def test_a_file_damaged_in_the_cache_is_fetched_again(hub: HubDouble, user: User) -> None:
    file = user.resolves()
    user.fetches(file).write_bytes(bytes(len(CONTENT)))
    assert user.fetches(file).read_bytes() == CONTENT


def test_429_is_waited_for_as_the_hub_says(hub: HubDouble, user: User) -> None:
    hub.answers_429(retry_after=0, times=2)
    assert user.resolves().filename == "tiny-Q4_K_M.gguf"
    file = user.resolves()
    hub.answers_429(retry_after=0, times=1)
    assert user.fetches(file).read_bytes() == CONTENT


def test_429_after_all_retries_says_how_to_get_a_higher_limit(hub: HubDouble, user: User) -> None:
    hub.answers_429(retry_after=0, times=99)
    with pytest.raises(DownloadFailed, match=r"still answers 429 .*Set HF_TOKEN"):
        user.resolves()


def test_a_gated_model_names_the_licence_page_and_the_token(hub: HubDouble, user: User) -> None:
    hub.requires_licence(MODEL)
    with pytest.raises(ModelAccessDenied) as denied:
        user.resolves()
    assert f"{hub.endpoint}/{MODEL}" in str(denied.value)
    assert "HF_TOKEN" in str(denied.value)


def test_a_gated_model_is_refused_to_a_token_without_access(hub: HubDouble, user_with_token: User) -> None:
    hub.requires_licence(MODEL)
    with pytest.raises(ModelAccessDenied, match="the account of HF_TOKEN has no access"):
        user_with_token.resolves()


def test_an_unknown_token_is_called_that(hub: HubDouble, user_with_token: User) -> None:
    hub.knows_the_token("another")
    with pytest.raises(ModelAccessDenied, match="does not know the token in HF_TOKEN"):
        user_with_token.resolves()


@pytest.mark.parametrize("who", ["user", "user_with_token"])
def test_a_missing_repository_is_named(who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(ModelNotFound, match="There is no model org/nothing on"):
        request.getfixturevalue(who).resolves("org/nothing")


def test_a_missing_revision_is_named(user: User) -> None:
    with pytest.raises(ModelNotFound, match="has no such revision"):
        user.resolves(revision="v9")


def test_a_repository_without_gguf_says_what_to_look_for(hub: HubDouble, user: User) -> None:
    hub.has("org/tiny", {"model.safetensors": b"...", "config.json": b"{}"})
    with pytest.raises(ModelNotFound, match=r"no GGUF file \(it has \.json, \.safetensors\).*tiny-GGUF"):
        user.resolves("org/tiny")


def test_without_a_network_the_endpoint_is_named(tmp_path: Path) -> None:
    with hub_double() as gone:
        endpoint = gone.endpoint
    with pytest.raises(DownloadFailed, match=f"{re.escape(endpoint)} could not be reached"):
        resolve(MODEL, base=tmp_path, hub=Hub(endpoint=endpoint))


def test_the_token_goes_to_the_hub_and_not_to_its_storage(hub: HubDouble, user_with_token: User) -> None:
    user_with_token.fetches(user_with_token.resolves())
    assert {s.authorization for s in hub.requests if s.server == "hub"} == {f"Bearer {TOKEN}"}
    assert {s.authorization for s in hub.requests if s.server == "storage"} == {None}


def test_a_saved_or_exported_token_is_not_sent_unasked(
    hub: HubDouble, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    user.fetches(user.resolves())
    assert {s.authorization for s in hub.requests} == {None}


def test_no_error_no_log_and_no_repr_contains_the_token(
    hub: HubDouble,
    user_with_token: User,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG")
    said: list[str] = [repr(user_with_token.hub)]
    file = user_with_token.resolves()
    hub.requires_licence(MODEL)
    for attempt in (user_with_token.resolves, lambda: user_with_token.fetches(file)):
        with pytest.raises(ServingError) as failure:
            attempt()
        said.append(_whole_chain(failure.value))
    output = capfd.readouterr()
    assert TOKEN not in "".join([*said, caplog.text, output.out, output.err])


def _whole_chain(error: BaseException | None) -> str:
    return "" if error is None else f"{error!r} {error} {_whole_chain(error.__cause__)}"

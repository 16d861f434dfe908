"""What a registry says on its bad days, and what the user is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from doubles.registry import RegistryDouble
from drivers.oci_images import one_platform
from drivers.ports import free_port

from llmctl.serving.errors import RegistryError, RegistryUnreachable
from llmctl.serving.images.registry import Registries

IMAGE = one_platform()
MANIFEST = IMAGE.top.media_type
INDEX = "application/vnd.oci.image.index.v1+json"


def refusal(double: RegistryDouble, registries: Registries, version: str = "1.0") -> str:
    with pytest.raises(RegistryError) as caught:
        registries(double.host).manifest("a", version)
    said = str(caught.value)
    assert "\n" not in said, "one line"
    return said


def test_a_throttled_question_is_asked_again_when_the_registry_says(
    double: RegistryDouble, registries: Registries, waits: list[float]
) -> None:
    double.has("a", "1.0", IMAGE)
    double.throttles(times=2, retry_after="7")
    assert registries(double.host).manifest("a", "1.0").digest == IMAGE.digest
    assert waits == [7, 7]


def test_without_a_time_the_waits_double(double: RegistryDouble, registries: Registries, waits: list[float]) -> None:
    double.has("a", "1.0", IMAGE)
    double.throttles(times=3, retry_after=None)
    registries(double.host).manifest("a", "1.0")
    assert waits == [1, 2, 4]


def test_a_time_may_be_a_date(double: RegistryDouble, registries: Registries, waits: list[float]) -> None:
    double.has("a", "1.0", IMAGE)
    double.throttles(times=1, retry_after=format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True))
    registries(double.host).manifest("a", "1.0")
    assert waits == [0], "that time is over"


def test_a_registry_that_stays_busy_is_given_up(
    double: RegistryDouble, registries: Registries, waits: list[float]
) -> None:
    double.throttles(times=100)
    assert refusal(double, registries) == (
        f"{double.host} refuses a request for {double.host}/a:1.0 (HTTP 429: TOOMANYREQUESTS: slow down). Try again in "
        f"0 s; with an account the limit is often higher: docker login {double.host}"
    )
    assert len(waits) == 3


def test_a_long_wait_is_left_to_the_user(double: RegistryDouble, registries: Registries, waits: list[float]) -> None:
    double.throttles(times=1, retry_after="21600")
    assert "Try again in 21600 s" in refusal(double, registries)
    assert waits == []


def test_other_bytes_than_the_digest_says_are_refused(double: RegistryDouble, registries: Registries) -> None:
    double.has("a", "1.0", IMAGE)
    other = one_platform(layers=[b"other"])
    double.sends_other_bytes(other.top.body, instead_of=IMAGE.top.body)
    for version in ("1.0", IMAGE.digest):
        said = refusal(double, registries, version)
        assert f"sent bytes with {other.digest}, not {IMAGE.digest}. Nothing was recorded." in said


def test_a_registry_that_announces_no_digest_is_held_to_the_one_that_was_asked_for(
    double: RegistryDouble, registries: Registries
) -> None:
    double.answers_everything_with(200, IMAGE.top.body, {"Content-Type": MANIFEST})
    assert registries(double.host).manifest("a", IMAGE.digest).digest == IMAGE.digest
    other = one_platform(layers=[b"other"]).digest
    assert f"not {other}" in refusal(double, registries, other)


BROKEN: dict[str, tuple[int, bytes, dict[str, str], str]] = {
    "a page of a portal": (
        200,
        b"<html>Log in</html>",
        {"Content-Type": "text/html"},
        "is of type text/html, which is no",
    ),
    "no type": (200, IMAGE.top.body, {}, "is of type none, which is no image"),
    "the first schema": (
        200,
        b"{}",
        {"Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws"},
        "v1+prettyjws, which is no image",
    ),
    "no JSON": (200, b"{", {"Content-Type": MANIFEST}, "is not the application/vnd.oci.image.manifest.v1+json it says"),
    "a list": (200, b"[]", {"Content-Type": MANIFEST}, "it says it is (AttributeError"),
    "an index that calls itself a manifest": (
        200,
        json.dumps({"mediaType": MANIFEST, "manifests": [], "config": {}, "layers": []}).encode(),
        {"Content-Type": INDEX},
        f"(ValueError: the mediaType '{MANIFEST}')",
    ),
    "no layers": (200, b'{"config": {}}', {"Content-Type": MANIFEST}, "it says it is (KeyError: 'layers')"),
    "an index without manifests": (200, b"{}", {"Content-Type": INDEX}, "it says it is (KeyError: 'manifests')"),
    "a digest that is none": (
        200,
        b'{"manifests": [{"mediaType": "x", "digest": "../../etc", "size": 1}]}',
        {"Content-Type": INDEX},
        "(ValueError: the digest '../../etc')",
    ),
    "a negative size": (
        200,
        b'{"manifests": [{"mediaType": "x", "digest": "sha256:' + b"0" * 64 + b'", "size": -1}]}',
        {"Content-Type": INDEX},
        "(ValueError: the size -1)",
    ),
    "a manifest without end": (200, b" " * 5_000_000, {"Content-Type": MANIFEST}, "is longer than 4,194,304 bytes"),
    "an error without words": (500, b"oops", {}, "(HTTP 500). Try again; if it stays so"),
    "an error with too many": (502, b"x" * 100_000, {}, "(HTTP 502). Try again"),
    "an error that is no error": (500, b'{"errors": 7}', {}, "(HTTP 500). Try again"),
    "an error over two lines": (500, b'{"errors": [{"code": "A", "message": "b\\nc"}]}', {}, "(HTTP 500: A: b c)"),
    "a redirect in a circle": (302, b"", {"Location": "/v2/a/manifests/1.0"}, "does not answer as a registry does"),
    "a redirect without TLS": (
        302,
        b"",
        {"Location": "http://example.com/"},
        "sends one to http://example.com, without",
    ),
}


@pytest.mark.parametrize(("status", "body", "headers", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_one_line(
    double: RegistryDouble, registries: Registries, status: int, body: bytes, headers: dict[str, str], reason: str
) -> None:
    double.answers_everything_with(status, body, headers)
    assert reason in refusal(double, registries)


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "localhost:99999"])
def test_a_registry_that_is_not_there_is_named(registries: Registries, host: str) -> None:
    name = host.format(port=free_port())
    with pytest.raises(RegistryUnreachable, match=r"does not answer as a registry does \(.+\)\. Check the name"):
        registries(name).manifest("a", "1.0")


@pytest.mark.parametrize("config", [b"not json", b"[]", b'{"os": "unknown", "architecture": "unknown"}', b'{"os": 5}'])
def test_an_artifact_that_is_no_image_has_no_platform(
    double: RegistryDouble, registries: Registries, config: bytes
) -> None:
    double.has("a", "1.0", one_platform(config=config))
    registry = registries(double.host)
    assert registry.platform("a", registry.manifest("a", "1.0")) is None

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.errors import GatewayError
from llmctl.serving.gateway.keys import ID, KeyRecord, key_files, key_records, new_key

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=timezone(timedelta(hours=2)))


def test_a_key_is_shown_once_and_kept_as_a_hash() -> None:
    key, record = new_key("team-a", 60, now=NOW)
    assert key.startswith("llmctl-")
    assert len(key) >= 40
    assert record.sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert key not in str(record)
    assert key not in str(key_files([record]))
    assert record.created == datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


def test_no_two_keys_are_alike() -> None:
    assert len({new_key("a", now=NOW)[0] for _ in range(100)}) == 100


@pytest.mark.parametrize("key_id", ["", "A", "two words", "a\nb", "-a", "a" * 64, "ä", "a;b", "a/b"])
def test_an_id_that_could_be_mistaken_is_refused(key_id: str) -> None:
    with pytest.raises(GatewayError, match="allowed are 1 to 63 lower case letters"):
        new_key(key_id, now=NOW)


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(GatewayError, match="at least 1 request per minute"):
        new_key("a", 0, now=NOW)


RECORDS = st.lists(
    st.builds(
        KeyRecord,
        id=st.from_regex(ID, fullmatch=True),
        sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
        requests_per_minute=st.none() | st.integers(1, 10**6),
        created=st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)),
    ),
    unique_by=(lambda record: record.id, lambda record: record.sha256),
)


@given(RECORDS)
def test_what_is_written_is_read_back(records: list[KeyRecord]) -> None:
    assert key_records(key_files(records)) == tuple(sorted(records, key=lambda record: record.id))


def test_one_id_has_one_key() -> None:
    _, record = new_key("a", now=NOW)
    _, other = new_key("a", now=NOW)
    with pytest.raises(GatewayError, match="key id a is there twice; revoke"):
        key_files([record, other])


def test_a_secret_without_keys_is_no_keys() -> None:
    assert key_records({}) == ()
    assert set(key_files([]).values()) == {""}


def damaged() -> dict[str, dict[str, str]]:
    files = dict(key_files([new_key("a", 5, now=NOW)[1]]))
    return {
        "no value": files | {"keys.map": "abc\n"},
        "no digest": files | {"keys.map": "abc a\n"},
        "no date": files | {"created.map": ""},
        "bad date": files | {"created.map": "a yesterday\n"},
        "bad limit": files | {"limits.map": "a many\n"},
        "bad id": files | {"keys.map": f"{'0' * 64} A\n"},
    }


@pytest.mark.parametrize("what", damaged())
def test_a_damaged_secret_is_said_to_be_so(what: str) -> None:
    with pytest.raises(GatewayError, match="the keys of the gateway cannot be read"):
        key_records(damaged()[what])


def test_a_record_can_be_given_another_limit() -> None:
    _, record = new_key("a", now=NOW)
    assert "a 7" in key_files([replace(record, requests_per_minute=7)])["limits.map"]

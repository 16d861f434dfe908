"""After a destroy: what the state still holds, and whether that was wanted."""

from __future__ import annotations

from typing import Any

from llmctl.infra.deployment.forget import of_cluster, without_cluster
from llmctl.infra.deployment.held import merged, still_held
from llmctl.infra.receipt import Entry

URN = "urn:pulumi:dev::llmctl::"
BUCKET: dict[str, Any] = {
    "urn": f"{URN}aws:s3/bucket:Bucket::models",
    "type": "aws:s3/bucket:Bucket",
    "custom": True,
    "protect": True,
    "outputs": {"arn": "arn:aws:s3:::models"},
}
KEY: dict[str, Any] = {"urn": f"{URN}aws:kms/key:Key::key", "type": "aws:kms/key:Key", "custom": True}
SECRET: dict[str, Any] = {
    "urn": f"{URN}kubernetes:core/v1:Secret::keys",
    "type": "kubernetes:core/v1:Secret",
    "custom": True,
}
PROVIDER: dict[str, Any] = {
    "urn": f"{URN}pulumi:providers:kubernetes::cluster",
    "type": "pulumi:providers:kubernetes",
    "custom": True,
}


def test_what_is_protected_is_kept_and_so_is_what_it_needs() -> None:
    bucket, key = still_held({"resources": [KEY, BUCKET][::-1]})
    assert (bucket.name, bucket.kept, bucket.note) == ("arn:aws:s3:::models", True, "protected")
    assert (key.name, key.kept, key.note) == ("key", True, "needed by what is protected")


def test_without_anything_protected_nothing_is_kept_on_purpose() -> None:
    assert [entry.kept for entry in still_held({"resources": [KEY, PROVIDER]})] == [False]


def test_what_the_account_shows_is_not_said_twice() -> None:
    there = Entry(name="arn:aws:s3:::models", what="bucket", bills=True, kept=True)
    assert merged(still_held({"resources": [BUCKET]}), [there]) == (there,)


def test_a_gone_cluster_takes_its_objects_out_of_the_state_and_nothing_else() -> None:
    role = {**KEY, "urn": f"{URN}role", "dependencies": [SECRET["urn"], KEY["urn"]]}
    role["propertyDependencies"] = {"name": [SECRET["urn"]], "key": [KEY["urn"]]}
    state = {
        "resources": [PROVIDER, KEY, SECRET, role],
        "pending_operations": [{"resource": SECRET}, {"resource": KEY}],
    }
    assert of_cluster(state) == ("keys",)
    left = without_cluster(state)
    assert [each["urn"] for each in left["resources"]] == [KEY["urn"], role["urn"]]
    assert left["resources"][1]["dependencies"] == [KEY["urn"]]
    assert left["resources"][1]["propertyDependencies"] == {"name": [], "key": [KEY["urn"]]}
    assert left["pending_operations"] == [{"resource": KEY}]


def test_a_stack_that_is_nothing_but_objects_is_empty_then() -> None:
    assert without_cluster({"version": 3, "resources": [PROVIDER, SECRET]})["resources"] == []

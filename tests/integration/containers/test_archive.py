"""What every archive holds, against the OCI image specification and what Docker reads."""

from __future__ import annotations

from pathlib import Path

from drivers.image_archive import ImageFile, Root, digest, secrets_of_this_machine
from packing.cache import LayerCache
from packing.recipes import RECIPES, REPOSITORY

from llmctl.serving.images.archive import ImageArchive

STICKY = {"tmp", "var/tmp"}


def test_every_blob_has_the_digest_that_it_is_called_by(file: ImageFile) -> None:
    blobs = {name: content for name, content in file.members.items() if name.startswith("blobs/")}
    assert {name: digest(content) for name, content in blobs.items()} == {
        name: name.removeprefix("blobs/").replace("/", ":") for name in blobs
    }
    assert file.document("oci-layout") == {"imageLayoutVersion": "1.0.0"}


def test_index_manifest_and_configuration_name_what_is_there(file: ImageFile, image: str) -> None:
    assert file.entry["platform"] == {"architecture": "amd64", "os": "linux"}
    assert file.entry["size"] == len(file.blob(file.entry["digest"]))
    named = [file.manifest["config"], *file.manifest["layers"]]
    assert [each["size"] for each in named] == [len(file.blob(each["digest"])) for each in named]
    assert file.config["rootfs"]["diff_ids"] == [digest(layer) for layer in file.layers]
    assert len(file.config["history"]) == len(file.layers)
    assert (file.config["architecture"], file.config["os"]) == ("amd64", "linux")


def test_docker_finds_the_same_blobs_under_the_name(file: ImageFile, image: str) -> None:
    [entry] = file.document("manifest.json")
    blobs = [f"blobs/{each['digest'].replace(':', '/')}" for each in file.manifest["layers"]]
    assert entry == {
        "Config": f"blobs/{file.manifest['config']['digest'].replace(':', '/')}",
        "RepoTags": [f"registry.example.com/team/{image}:1.0"],
        "Layers": blobs,
    }


def test_llmctl_images_push_reads_it(archives: dict[str, Path], file: ImageFile, image: str) -> None:
    with ImageArchive(archives[image]) as archive:
        assert archive.image.digest == file.entry["digest"]
        for blob in archive.manifest(archive.image.digest).blobs:
            assert sum(map(len, archive.blob(blob))) == blob.size


def test_packing_again_without_any_cache_gives_the_same_digest(file: ImageFile, image: str, tmp_path: Path) -> None:
    again = RECIPES[image](LayerCache(tmp_path / "layers"))
    assert [layer.diff_id for layer in again.layers] == file.config["rootfs"]["diff_ids"]
    assert again.manifest.digest == file.entry["digest"]


def test_nobody_may_change_a_file_or_become_another_by_it(file: ImageFile) -> None:
    for entry, _ in file.files():
        assert (entry.uid, entry.gid, entry.mtime) == (0, 0, 0), entry.name
        assert entry.mode in ((0o777,) if entry.issym() else (0o644, 0o755) if entry.name not in STICKY else (0o1777,))
        assert entry.isfile() or entry.isdir() or entry.issym(), entry.name


def test_layers_hold_no_file_twice(file: ImageFile) -> None:
    names = [entry.name for entry, _ in file.files() if not entry.isdir()]
    assert len(names) == len(set(names))


def test_nothing_of_the_machine_that_it_was_packed_on_is_inside(file: ImageFile) -> None:
    unwanted = [str(REPOSITORY), "unfinished-", *secrets_of_this_machine()]
    for entry, content in file.files():
        assert not [word for word in unwanted if word.encode() in content], entry.name
        assert Path(entry.name).name not in {"pip.conf", ".netrc", "config.json", "sources.list"}


def test_every_library_that_a_program_needs_is_inside(root: Root) -> None:
    assert root.missing_libraries() == {}


def test_scanners_find_the_debian_packages_and_users_their_licences(root: Root) -> None:
    status = root.directory / "var/lib/dpkg/status.d"
    packages = sorted(path.name for path in status.iterdir())
    assert "libc6" in packages
    for package in packages:
        assert f"Package: {package}\n" in (status / package).read_text()
        assert (root.directory / f"usr/share/doc/{package}/copyright").exists(), package

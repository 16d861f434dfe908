"""A layer depends on names and contents, and on nothing else of the directory that it is made from."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

from packing.cache import LayerCache, content_key
from packing.layer import Layer, write_layer


def tree(directory: Path, *, file_mode: int = 0o644, directory_mode: int = 0o755, names: str = "ab") -> Path:
    """Two files below one directory, made in the order of `names`, a program, and a link."""
    (directory / "etc").mkdir(parents=True, mode=directory_mode)
    (directory / "tmp").mkdir()
    for name in names:
        (directory / "etc" / name).write_text(name)
        (directory / "etc" / name).chmod(file_mode)
    (directory / "program").write_text("#!")
    (directory / "program").chmod(0o4755)
    (directory / "link").symlink_to("etc/a")
    return directory


def entries(layer: Layer) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer.file.read_bytes()))) as tar:
        return {entry.name: entry for entry in tar}


def test_the_same_files_give_the_same_bytes_whatever_umask_order_and_time(tmp_path: Path) -> None:
    first = write_layer(tree(tmp_path / "1"), tmp_path / "1.tar.gz")
    other = tree(tmp_path / "2", file_mode=0o600, directory_mode=0o700, names="ba")
    second = write_layer(other, tmp_path / "2.tar.gz")
    assert first.file.read_bytes() == second.file.read_bytes()
    (other / "etc/a").write_text("c")
    assert write_layer(other, tmp_path / "3.tar.gz").diff_id != first.diff_id


def test_what_it_says_of_itself_is_so(tmp_path: Path) -> None:
    layer = write_layer(tree(tmp_path / "tree"), tmp_path / "layer.tar.gz")
    content = layer.file.read_bytes()
    assert layer.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert layer.diff_id == f"sha256:{hashlib.sha256(gzip.decompress(content)).hexdigest()}"
    assert layer.size == len(content)
    assert Layer.stored(layer.file) == layer


def test_setuid_is_lost_and_links_and_programs_stay(tmp_path: Path) -> None:
    found = entries(write_layer(tree(tmp_path / "tree"), tmp_path / "layer.tar.gz"))
    assert list(found) == sorted(found)
    assert found["program"].mode == 0o755
    assert found["tmp"].mode == 0o1777
    assert (found["link"].issym(), found["link"].linkname) == (True, "etc/a")
    assert {entry.uid for entry in found.values()} == {0}


class Making:
    """Fills trees, and counts."""

    def __init__(self) -> None:
        self.trees = 0

    def __call__(self, directory: Path) -> None:
        self.trees += 1
        (directory / "file").write_text("content")


def test_a_layer_is_made_once_for_the_same_ingredients(tmp_path: Path) -> None:
    cache, making = LayerCache(tmp_path / "cache"), Making()
    first = cache.layer("name", ["a", "b"], making)
    assert cache.layer("name", ["a", "b"], making) == first
    assert making.trees == 1
    assert cache.layer("name", ["a", "c"], making).file != first.file
    assert making.trees == 2


def test_a_layer_that_failed_leaves_nothing(tmp_path: Path) -> None:
    def fails(directory: Path) -> None:
        (directory / "half").write_text("")
        raise OSError("no space")

    cache = LayerCache(tmp_path / "cache")
    try:
        cache.layer("name", ["a"], fails)
    except OSError:
        assert list((tmp_path / "cache").iterdir()) == []
    making = Making()
    cache.layer("name", ["a"], making)
    assert making.trees == 1


def test_a_file_that_moved_or_changed_is_another_ingredient(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = content_key([tmp_path / "a"], tmp_path)
    (tmp_path / "a").write_text("2")
    changed = content_key([tmp_path / "a"], tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({before, changed, content_key([tmp_path / "b"], tmp_path)}) == 3

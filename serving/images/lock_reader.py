"""The text of a lock file to its entries. Each mistake is one line with file, line and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NoReturn

import yaml

from llmctl.serving.errors import InvalidImage
from llmctl.serving.images.lock_file import Entry, LockedImage, OpenImage
from llmctl.serving.images.manifest import INDEX_TYPES, MANIFEST_TYPES
from llmctl.serving.images.reference import DIGEST, parse_reference

LOCKED_KEYS = ("digest", "mediaType", "platforms", "registry", "date")
OPEN_KEYS = ("digest", "reason", "date")
NULL = "tag:yaml.org,2002:null"

PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(?:/[a-z0-9]+)?")

Nodes = Mapping[str, tuple[int, yaml.Node]]
"""Key -> its line and the node of its value."""


class LockReader:
    """`shown` is the file's name in messages."""

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def entries(self, text: str) -> dict[str, Entry]:
        """Every entry of the file. Raises InvalidImage."""
        top = self._map(self._composed(text), 1, "the file")
        self._keys(top, ("images",), 1, "the file")
        line, node = top["images"]
        images = self._map(node, line, "images")
        return {self._reference(name, line): self._entry(name, line, node) for name, (line, node) in images.items()}

    def _composed(self, text: str) -> yaml.Node | None:
        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self._fail(mark.line + 1 if mark else 1, f"not valid YAML: {getattr(error, 'problem', None) or error}")

    def _reference(self, name: str, line: int) -> str:
        try:
            full = str(parse_reference(name))
        except InvalidImage as error:
            raise InvalidImage(f"{self._shown}:{line}: {error}") from None
        if name != full:
            self._fail(line, f"{name} should be spelt in full: {full}")
        return name

    def _entry(self, name: str, line: int, node: yaml.Node) -> Entry:
        entry = self._map(node, line, name)
        if "digest" not in entry:
            self._fail(line, f"{name} has no digest; allowed: sha256:64-HEX-DIGITS, or null with a reason")
        if entry["digest"][1].tag == NULL:
            self._keys(entry, OPEN_KEYS, line, name)
            return OpenImage(reason=self._text(entry, "reason"), date=self._date(entry))
        self._keys(entry, LOCKED_KEYS, line, name)
        return LockedImage(
            digest=self._digest("digest", *entry["digest"]),
            media_type=self._media_type(entry),
            platforms=self._platforms(entry),
            registry=self._text(entry, "registry"),
            date=self._date(entry),
        )

    def _platforms(self, entry: Nodes) -> dict[str, str]:
        line, node = entry["platforms"]
        platforms = self._map(node, line, "platforms")
        for name, (at, _) in platforms.items():
            if not PLATFORM.fullmatch(name):
                self._fail(at, f"{name!r} is no platform; allowed: OS/ARCHITECTURE, such as linux/amd64")
        return {name: self._digest(name, *value) for name, value in platforms.items()}

    def _digest(self, key: str, line: int, node: yaml.Node) -> str:
        value = node.value if isinstance(node, yaml.ScalarNode) else None
        if not isinstance(value, str) or not DIGEST.fullmatch(value):
            self._fail(line, f"{key} is {value!r}; allowed: sha256:64-HEX-DIGITS, as `llmctl images lock` writes it")
        return value

    def _media_type(self, entry: Nodes) -> str:
        value = self._text(entry, "mediaType")
        known = (*INDEX_TYPES, *MANIFEST_TYPES)
        if value not in known:
            self._fail(entry["mediaType"][0], f"mediaType is {value!r}; allowed: {', '.join(known)}")
        return value

    def _date(self, entry: Nodes) -> date:
        value = self._text(entry, "date")
        try:
            return date.fromisoformat(value)
        except ValueError:
            self._fail(entry["date"][0], f"date is {value!r}; allowed: a day, such as 2026-01-31")

    def _text(self, entry: Nodes, key: str) -> str:
        line, node = entry[key]
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            self._fail(line, f"{key} should be a word or a sentence")
        return str(node.value)

    def _map(self, node: yaml.Node | None, line: int, name: str) -> Nodes:
        if not isinstance(node, yaml.MappingNode):
            self._fail(line, f"{name} should be a map of keys and values")
        found: dict[str, tuple[int, yaml.Node]] = {}
        for key, value in node.value:
            at, word = key.start_mark.line + 1, str(key.value)
            if word in found:
                self._fail(at, f"{word} stands there twice (also in line {found[word][0]}); keep one")
            found[word] = (at, value)
        return found

    def _keys(self, entry: Nodes, allowed: tuple[str, ...], line: int, name: str) -> None:
        for key, (at, _) in entry.items():
            if key not in allowed:
                self._fail(at, f"{key} is not a key of {name}; allowed: {', '.join(allowed)}")
        missing = [key for key in allowed if key not in entry]
        if missing:
            self._fail(line, f"{name} has no {missing[0]}; needed: {', '.join(allowed)}")

    def _fail(self, line: int, mistake: str) -> NoReturn:
        raise InvalidImage(f"{self._shown}:{line}: {mistake}.")

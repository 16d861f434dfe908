"""Pulumi.<stack>.yaml: read with line numbers, so that an error names file, line, key, value and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from llmctl.infra.errors import SettingsError
from llmctl.infra.project import Project
from llmctl.infra.schema import allowed, allowed_keys
from llmctl.infra.settings import SECRET_KEYS, StackSettings

PREFIX = "llmctl:"

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class StackFile:
    """The llmctl part of a stack file: plain values, which secrets are set, and the line of every key."""

    shown: str
    values: Mapping[str, Any]
    secrets: frozenset[str]
    lines: Mapping[Location, int]

    def settings(self) -> StackSettings:
        """The values as StackSettings. Raises SettingsError that lists every mistake, one a line."""
        try:
            return StackSettings.model_validate(self.values)
        except ValidationError as error:
            raise SettingsError("\n".join(self._explain(detail) for detail in error.errors())) from None

    def refuse(self, reasons: Iterable[tuple[Location, str]]) -> None:
        """Raise SettingsError for settings that are well-formed and cannot be had, one line each; none: do nothing."""
        lines = [f"{self.where(location)}: {shown_key(location)}: {_ended(reason)}" for location, reason in reasons]
        if lines:
            raise SettingsError("\n".join(lines))

    def where(self, location: Location) -> str:
        """file:line of the nearest written key at or above `location`."""
        for end in range(len(location), 0, -1):
            if location[:end] in self.lines:
                return f"{self.shown}:{self.lines[location[:end]]}"
        return self.shown

    def origin(self, location: Location) -> str:
        """Where the value of a setting comes from: file:line, the short form of a model, or the default."""
        if location in self.lines:
            return f"{self.shown}:{self.lines[location]}"
        if location[:1] == ("models",) and ("model",) in self.lines and location[-1] == "id":
            return f"{self.shown}:{self.lines[('model',)]} (llmctl:model)"
        if location[:1] == ("models",) and location[-1] == "id":
            return f"{self.where(location)} (the model's name)"
        return "default"

    def _explain(self, detail: ErrorDetails) -> str:
        location, where, key = detail["loc"], self.where(detail["loc"]), shown_key(detail["loc"])
        if detail["type"] == "extra_forbidden":
            return f"{where}: {key} is not a setting. {_nearest(location)}"
        if detail["type"] == "missing":
            return f"{where}: {'llmctl:model' if location == ('models',) else key} is missing; {_needed(location)}."
        words = allowed(location) if location and detail["type"] != "no_room" else None
        given = detail["input"] if location else None
        return f"{where}: {key} is {given!r}; allowed: {words}." if words else f"{where}: {detail['msg']}."


def read_stack_file(project: Project, stack: str) -> StackFile:
    """Read the stack's file. Raises SettingsError when it is missing, not YAML, or not shaped as Pulumi has it."""
    path = project.stack_file(stack)
    shown = project.shown(path)
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise SettingsError(_no_such_stack(project, stack, shown)) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{shown}: not UTF-8 text at byte {error.start}. Save the file as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{shown}: cannot be read: {error.strerror}.") from None
    except yaml.YAMLError as error:
        raise SettingsError(_not_yaml(shown, error)) from None
    return _taken_apart(shown, root)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


def shown_key(location: Location) -> str:
    """`('models', 'a', 'threads')` -> 'llmctl:models.a.threads'."""
    return PREFIX + ".".join(map(str, location))


def _taken_apart(shown: str, root: yaml.Node | None) -> StackFile:
    values: dict[str, Any] = {}
    secrets: set[str] = set()
    lines: dict[Location, int] = {}
    for key, node in _config(shown, root):
        line = key.start_mark.line + 1
        name = key.value.removeprefix(PREFIX)
        if (name,) in lines:
            raise SettingsError(f"{shown}:{line}: {key.value} is set twice (also in line {lines[(name,)]}); keep one.")
        lines[(name,)] = line
        value = _Values(shown).plain(node)
        if _is_secret(shown, line, name, value):
            secrets.add(name)
            continue
        values[name] = value
        lines.update(_lines_below((name,), node))
    return StackFile(shown, values, frozenset(secrets), lines)


def _config(shown: str, root: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """The llmctl: entries below `config:`."""
    for key, node in _entries(shown, root, "the file"):
        if key.value == "config":
            yield from ((k, v) for k, v in _entries(shown, node, "config:") if k.value.startswith(PREFIX))


def _entries(shown: str, node: yaml.Node | None, name: str) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"):
        return []
    if not isinstance(node, yaml.MappingNode):
        raise SettingsError(f"{shown}:{node.start_mark.line + 1}: {name} should be a map of keys and values.")
    entries: list[tuple[yaml.ScalarNode, yaml.Node]] = node.value
    return entries


class _Values(yaml.constructor.SafeConstructor):
    """Nodes to plain values; what YAML cannot build is a settings error."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self._shown = shown

    def plain(self, node: yaml.Node) -> Any:
        try:
            return self.construct_document(node)
        except yaml.YAMLError as error:
            raise SettingsError(_not_yaml(self._shown, error)) from None


def _is_secret(shown: str, line: int, name: str, value: Any) -> bool:
    """Whether the value is one that Pulumi encrypted. A secret in clear text is refused, and not repeated."""
    encrypted = isinstance(value, dict) and set(value) == {"secure"}
    if name in SECRET_KEYS and not encrypted:
        raise SettingsError(
            f"{shown}:{line}: {PREFIX}{name} stands in clear text. Remove the line, then: "
            f"pulumi config set --secret {PREFIX}{name}"
        )
    if encrypted and name not in SECRET_KEYS:
        raise SettingsError(
            f"{shown}:{line}: {PREFIX}{name} is encrypted; only {', '.join(sorted(SECRET_KEYS))} may be."
        )
    return encrypted


def _lines_below(location: Location, node: yaml.Node) -> Iterator[tuple[Location, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield (*location, key.value), key.start_mark.line + 1
                yield from _lines_below((*location, key.value), value)


def _nearest(location: Location) -> str:
    keys = sorted(allowed_keys(location[:-1]))
    near = difflib.get_close_matches(str(location[-1]), keys, n=1)
    prefix = PREFIX if len(location) == 1 else ""
    return f"Did you mean {prefix}{near[0]}?" if near else f"Allowed: {', '.join(prefix + key for key in keys)}."


def _needed(location: Location) -> str:
    if location == ("models",):
        return "name a model, for example llmctl:model: HuggingFaceTB/SmolLM2-135M-Instruct"
    return f"allowed: {allowed(location)}"


def _no_such_stack(project: Project, stack: str, shown: str) -> str:
    there = ", ".join(project.stack_names()) or "none"
    return f"{shown} does not exist. Stacks here: {there}. A new one: llmctl init {stack}"


def _not_yaml(shown: str, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f":{mark.line + 1}" if mark else ""
    return f"{shown}{line}: not valid YAML: {getattr(error, 'problem', None) or error}."

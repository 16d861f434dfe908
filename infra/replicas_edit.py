"""The replicas of a model in the text of a stack file: only those words change, so that comments and order stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from llmctl.infra.stack_file import PREFIX

Edit = tuple[int, int, str]
"""From and to (offsets in the text), and what stands there then."""


def with_replicas(text: str, model: str, values: Mapping[str, int]) -> str:
    """`values`: `replicas`, and `maxReplicas` where it is to change. The text is a stack file that has the model."""
    entries = {key.value: (key, node) for key, node in _config(yaml.compose(text, Loader=yaml.SafeLoader))}
    if f"{PREFIX}models" in entries:
        node = next(node for key, node in entries[f"{PREFIX}models"][1].value if key.value == model)
        edits = list(_in_model(text, node, values))
    else:
        edits = [_written_out(text, *entries[f"{PREFIX}model"], values)]
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _config(root: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    for key, node in root.value if root else ():
        if key.value == "config":
            yield from node.value


def _in_model(text: str, node: yaml.Node, values: Mapping[str, int]) -> Iterator[Edit]:
    """The settings of one model: a block, a map in braces, or nothing at all."""
    if not isinstance(node, yaml.MappingNode):
        start, end = node.start_mark.index, node.end_mark.index
        blank = "" if text[start - 1 : start].isspace() else " "
        yield start, end, f"{blank}{{{_pairs(values)}}}"
        return
    there = {key.value: value for key, value in node.value}
    for name, number in values.items():
        if name in there:
            yield there[name].start_mark.index, there[name].end_mark.index, str(number)
    new = {name: number for name, number in values.items() if name not in there}
    if new:
        yield _added(node, new)


def _added(node: yaml.MappingNode, values: Mapping[str, int]) -> Edit:
    """Before what is there."""
    if node.flow_style:
        start = node.start_mark.index + 1
        return start, start, _pairs(values) + (", " if node.value else "")
    first = node.value[0][0].start_mark
    lines = "".join(f"{name}: {number}\n{' ' * first.column}" for name, number in values.items())
    return first.index, first.index, lines


def _written_out(text: str, key: yaml.ScalarNode, node: yaml.Node, values: Mapping[str, int]) -> Edit:
    """`llmctl:model: X` has no room for more; the long form says the same."""
    name = text[node.start_mark.index : node.end_mark.index]
    indent = " " * (key.start_mark.column + 2)
    long = f"{PREFIX}models:\n{indent}{name}: {{{_pairs(values)}}}"
    return key.start_mark.index, node.end_mark.index, long


def _pairs(values: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {number}" for name, number in values.items())

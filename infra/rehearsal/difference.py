"""Which values of a resource differ from what the program wants, as paths, and which of them mean another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Path = tuple[str | int, ...]
ChangeKind = Literal["add", "delete", "update"]


Same = Callable[[Path, Any, Any], bool]
"""Whether two values mean the same at that place."""


def equal(path: Path, one: Any, other: Any) -> bool:  # noqa: ARG001  (a Same)
    return bool(one == other)


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING: Final = _Missing()


@dataclass(frozen=True)
class Change:
    path: Path
    kind: ChangeKind
    replaces: bool

    @property
    def text(self) -> str:
        return path_text(self.path)


def changes(
    live: Any,
    olds: Any,
    news: Any,
    *,
    replacing: Sequence[str] = (),
    ignored: Sequence[str] = (),
    same: Same = equal,
) -> tuple[Change, ...]:
    """What it takes from the live resource to the new inputs; fields that no program ever set are the cloud's own.

    olds: the inputs that the live object was applied from. replacing: patterns (see replacements). ignored: paths as in
    ignoreChanges; everything in them is left out.
    """
    patterns = [re.compile(_pattern(each)) for each in replacing]
    found = (
        Change(path, kind, _matches(patterns, path, value)) for path, kind, value in _walk((), live, olds, news, same)
    )
    return tuple(change for change in found if not any(_contains(path, change.text) for path in ignored))


def _walk(path: Path, live: Any, olds: Any, news: Any, same: Same) -> Iterator[tuple[Path, ChangeKind, Any]]:
    """live is MISSING where the old inputs did not set the value: then it is nobody's business."""
    if news is MISSING:
        if live is not MISSING:
            yield path, "delete", live
    elif live is MISSING:
        if not (_is_nothing(news) and news == olds):
            yield path, "add", news
    elif isinstance(live, dict) and isinstance(news, dict):
        yield from _walk_map(path, live, olds, news, same)
    elif isinstance(live, list) and isinstance(news, list):
        yield from _walk_list(path, live, olds, news, same)
    elif not same(path, live, news):
        yield path, "update", news


def _walk_map(
    path: Path, live: dict[str, Any], olds: Any, news: dict[str, Any], same: Same
) -> Iterator[tuple[Path, ChangeKind, Any]]:
    before = olds if isinstance(olds, dict) else {}
    for key in [*news, *(key for key in before if key not in news)]:
        was = live.get(key, MISSING) if key in before else MISSING
        yield from _walk((*path, key), was, before.get(key, MISSING), news.get(key, MISSING), same)


def _walk_list(
    path: Path, live: list[Any], olds: Any, news: list[Any], same: Same
) -> Iterator[tuple[Path, ChangeKind, Any]]:
    before = olds if isinstance(olds, list) else []
    for index in range(max(len(before), len(news))):
        was = live[index] if index < min(len(live), len(before)) else MISSING
        yield from _walk((*path, index), was, _at(before, index), _at(news, index), same)


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else MISSING


def _is_nothing(value: Any) -> bool:
    """What an API leaves out of an answer where a field is optional: it says no more than its absence."""
    return value in (None, "", 0, False) or value == [] or value == {}


def pruned(live: Any, shape: Any) -> Any:
    """Of the live object what the shape has too: the inputs as they are now."""
    if isinstance(live, dict) and isinstance(shape, dict):
        return {key: pruned(value, shape[key]) for key, value in live.items() if key in shape}
    if isinstance(live, list) and isinstance(shape, list):
        return [pruned(value, each) for value, each in zip(live, shape, strict=False)]
    return live


def path_text(path: Path) -> str:
    """`spec.containers[0].image`; a key with dots in it as `metadata.annotations["pulumi.com/x"]`."""
    text = ""
    for each in path:
        if isinstance(each, int):
            text += f"[{each}]"
        elif re.search(r'[."\[\]]', each):
            text += f'["{each}"]'.replace('\\"', '"')
        else:
            text += f".{each}" if text else each
    return text


def _pattern(replacing: str) -> str:
    """A field, and whatever is in it."""
    return re.escape(replacing).replace(re.escape("[*]"), r"\[\d+\]") + r"(?:$|[.\[])"


def _matches(patterns: Sequence[re.Pattern[str]], path: Path, value: Any) -> bool:
    """Also where the changed value is a map that has such a field in it."""
    return any(pattern.match(text) for text in _paths(path, value) for pattern in patterns)


def _paths(path: Path, value: Any) -> Iterator[str]:
    yield path_text(path)
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _paths((*path, key), each)


def _contains(ignored: str, text: str) -> bool:
    return text == ignored or text.startswith((f"{ignored}.", f"{ignored}["))

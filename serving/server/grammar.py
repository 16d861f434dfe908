"""TGI's grammars in llama.cpp's words, checked: llama.cpp ignores a grammar that it cannot compile without a word."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

from llmctl.serving.server.engine import Engine, Sampled
from llmctl.serving.server.errors import ValidationFailed
from llmctl.serving.server.schemas import Grammar, JsonSchemaGrammar, RegexGrammar

_HEAD = "%llguidance {}\n"
_MARK = "\N{PILCROW SIGN}"
"""Starts every probe; no model says it on its own as the first thing."""

_REMEMBERED = 256
"""Grammars whose check is not repeated."""


def rule(grammar: Grammar) -> str:
    """The right-hand side of a llguidance rule. Raises ValidationFailed with TGI's text."""
    if isinstance(grammar, RegexGrammar):
        return "/" + grammar.value.replace("/", r"\/") + "/"
    schema = grammar.value.schema_ if isinstance(grammar, JsonSchemaGrammar) else _parsed(grammar.value)
    if not isinstance(schema, dict) or "properties" not in schema:
        raise ValidationFailed("grammar is not valid: Grammar must have a 'properties' field")
    # TGI separates by at most one blank; without this small models fill their answer with white space.
    spaced = {**closed({"type": "object", **schema}), "x-guidance": {"whitespace_pattern": "[ ]?"}}
    return "%json " + json.dumps(spaced)


def _parsed(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValidationFailed(f"grammar is not valid: {error}") from error
    if not isinstance(value, dict):
        raise ValidationFailed("grammar is not supported")
    return value


_NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""Keywords of JSON Schema whose value maps free names to schemas."""

_SCHEMAS = frozenset({"items", "prefixItems", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "contains"})
"""Keywords whose value is a schema or a list of them."""


def closed(schema: Any) -> Any:
    """The schema with `additionalProperties: false` wherever properties are named and nothing else is said.

    That is how TGI compiles a schema (outlines-core): properties that are not named cannot appear.
    """
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {keyword: _closed_within(keyword, value) for keyword, value in schema.items()}
    return {"additionalProperties": False, **parts} if "properties" in parts else parts


def _closed_within(keyword: str, value: Any) -> Any:
    if keyword in _NAMED_SCHEMAS and isinstance(value, dict):
        return {name: closed(schema) for name, schema in value.items()}
    return closed(value) if keyword in _SCHEMAS else value


class Grammars:
    """Compiles grammars and remembers which ones llama.cpp understood."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._understood: OrderedDict[str, bool] = OrderedDict()

    async def compiled(self, grammar: Grammar) -> str:
        """A grammar for llama.cpp. Raises ValidationFailed where it would be ignored."""
        body = rule(grammar)
        if body not in self._understood:
            self._understood[body] = await self._probe(body)
            while len(self._understood) > _REMEMBERED:
                self._understood.popitem(last=False)
        if not self._understood[body]:
            raise ValidationFailed("grammar is not valid: llama.cpp cannot compile it")
        return f"{_HEAD}start: {body}"

    async def _probe(self, body: str) -> bool:
        """Generate one token under the grammar with a mark before it: a mark that does not come was not enforced."""
        marked = f'{_HEAD}start: "{_MARK}" body\nbody: {body}'
        request = {"prompt": [0], "max_tokens": 4, "n_probs": 1, "temperature": 0, "grammar": marked}
        text = b""
        async for event in self._engine.generate(request):
            text += event.data if isinstance(event, Sampled) else b""
        return text.startswith(_MARK.encode())

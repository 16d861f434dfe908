"""docs/settings.md, from the settings themselves."""

from __future__ import annotations

from pydantic.fields import FieldInfo

from llmctl.infra.model_settings import ModelSettings, Settings, SpeculationSettings
from llmctl.infra.schema import allowed
from llmctl.infra.settings import StackSettings


def page() -> str:
    rows = _rows(StackSettings, (), "llmctl:") + _rows(ModelSettings, ("models", "any"), "llmctl:models.NAME.")
    rows += _rows(SpeculationSettings, ("models", "any", "speculation"), "llmctl:models.NAME.speculation.")
    table = "\n".join(f"| `{key}` | {default} | {what} | {words} |" for key, default, what, words in rows)
    return (
        "# Settings\n\nWritten by `docs/generate.py` from the settings themselves. They stand below `config:` in\n"
        "`stacks/Pulumi.<stack>.yaml`; `llmctl config show STACK` prints them all, each with where it comes from.\n"
        "`llmctl:model: X` is short for a `llmctl:models:` map with one model of that name and id.\n"
        "`llmctl:apiKey` is a secret: `pulumi config set --secret llmctl:apiKey`; left out, a key is made.\n\n"
        f"| key | default | allowed | what it is |\n| --- | --- | --- | --- |\n{table}\n"
    )


def _rows(model: type[Settings], location: tuple[str, ...], prefix: str) -> list[tuple[str, ...]]:
    return [
        (
            f"{prefix}{field.alias}",
            _default(field),
            allowed((*location, field.alias or name)) or "",
            " ".join((field.description or "").split()),
        )
        for name, field in model.model_fields.items()
    ]


def _default(field: FieldInfo) -> str:
    if field.alias == "id":
        return "its name"
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    return "unset" if default in (None, {}) else f"`{str(default).lower() if default is False else default}`"

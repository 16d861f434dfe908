"""docs/settings.md, from the settings themselves."""

from __future__ import annotations

from pydantic.fields import FieldInfo

from llmctl.infra.cluster_settings import ClusterSettings, GatewaySettings, WeightsSettings
from llmctl.infra.model_settings import ModelSettings, SpeculationSettings
from llmctl.infra.schema import allowed
from llmctl.infra.settings import StackSettings
from llmctl.infra.settings_base import Settings
from llmctl.infra.stack_file import shown_key

NESTED: tuple[tuple[type[Settings], tuple[str, ...]], ...] = (
    (ModelSettings, ("models", "NAME")),
    (SpeculationSettings, ("models", "NAME", "speculation")),
    (WeightsSettings, ("models", "NAME", "weights")),
    (ClusterSettings, ("cluster",)),
    (GatewaySettings, ("gateway",)),
)


def page() -> str:
    rows = _rows(StackSettings, ())
    for settings, location in NESTED:
        rows += _rows(settings, location)
    table = "\n".join(f"| `{key}` | {default} | {what} | {words} |" for key, default, what, words in rows)
    return (
        "# Settings\n\nWritten by `docs/generate.py` from the settings themselves. They stand below `config:` in\n"
        "`stacks/Pulumi.<stack>.yaml`; `llmctl config show STACK` prints them all, each with where it comes from.\n"
        "`llmctl:model: X` is short for a `llmctl:models:` map with one model of that name and id.\n"
        "Secrets are written by `pulumi config set --secret`: `llmctl:apiKey` (local; left out, a key is made) and\n"
        "`llmctl:hubToken` (kubernetes; the relay of the weights uses it for gated models).\n\n"
        f"| key | default | allowed | what it is |\n| --- | --- | --- | --- |\n{table}\n"
    )


def _rows(model: type[Settings], location: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [
        (
            shown_key((*location, field.alias or name)),
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
    if isinstance(default, Settings):
        return "see below"
    return "unset" if default in (None, {}, ()) else f"`{str(default).lower() if default is False else default}`"

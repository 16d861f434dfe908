"""From a user's words to ModelFacts: a path, the catalogue, or the Hub, in this order."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from llmctl.serving.errors import DownloadFailed, ModelNotFound
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.checkout import Checkout, OnDisk, OnHub, read_json
from llmctl.serving.models.config.facts_of import Origin, facts_of
from llmctl.serving.models.disk import is_hub_id, is_path
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.models.gguf import facts_of_parts, inspect
from llmctl.serving.models.gguf_facts import gguf_facts
from llmctl.serving.models.gguf_header import Header
from llmctl.serving.models.quantization import choose_parts
from llmctl.serving.models.weight_files import only_gguf, stored

if TYPE_CHECKING:
    from llmctl.serving.models.hub import Hub, Repository

TEMPLATES = ("chat_template.jinja", "chat_template.json")


def model_facts(
    model_id: str, *, revision: str | None = None, quantization: str | None = None, base: Path, hub: Hub | None
) -> ModelFacts:
    """The facts of the model that `model_id` means: a directory or .gguf file relative to `base`, or a Hub id.

    A Hub id that the catalogue has is answered from there, at once and offline, unless a `revision` is asked for.
    `quantization` says which file of a Hub repository of GGUF files is meant, as `quantization.choose` has it; nothing
    else depends on it. `hub` None: nothing is asked over the network. No weights are downloaded.
    Raises ModelNotFound, ModelDamaged, ModelAccessDenied; ModelError for a config.json that does not suffice.
    """
    if is_path(model_id):
        return _on_disk(model_id, (base / Path(model_id).expanduser()).absolute())
    if not is_hub_id(model_id):
        raise ModelNotFound(
            f"{model_id!r} names no model: write a Hub id (owner/name), or the path of a directory with a config.json "
            f"or of a .gguf file (./{model_id}, relative to {base}).{_near(model_id)}"
        )
    if revision is None and model_id in catalogue():
        return catalogue()[model_id]
    if hub is None:
        raise ModelNotFound(_offline(model_id, revision, "HF_HUB_OFFLINE is set, so the Hub is not asked"))
    return _on_hub(model_id, revision, quantization, hub)


def _on_disk(model_id: str, path: Path) -> ModelFacts:
    if path.is_file() and path.suffix.lower() == ".gguf":
        return gguf_facts(inspect(path), Origin(id=model_id, source=str(path), read_on=_today()))
    if not path.is_dir():
        raise ModelNotFound(f"{path} is neither a directory with a config.json nor a .gguf file (model: {model_id}).")
    origin = Origin(id=model_id, source=str(path / "config.json"), read_on=_today())
    return _facts(OnDisk(path), origin)


def _on_hub(model_id: str, revision: str | None, quantization: str | None, hub: Hub) -> ModelFacts:
    try:
        repository = hub.repository(model_id, revision)
        origin = Origin(
            id=model_id,
            revision=repository.commit,
            source=f"{hub.endpoint}/{model_id}/blob/{repository.commit}/config.json",
            read_on=_today(),
            licence=repository.licence,
            gated=repository.gated,
        )
        if only_gguf(repository.files):
            return _gguf_on_hub(repository, quantization, hub, origin)
        return _facts(OnHub(hub, model_id, repository), origin)
    except DownloadFailed as error:
        raise ModelNotFound(_offline(model_id, revision, str(error).rstrip("."))) from error


def _gguf_on_hub(repository: Repository, quantization: str | None, hub: Hub, origin: Origin) -> ModelFacts:
    parts = choose_parts(repository.files, quantization, repository=origin.id)
    sizes = {name: repository.files[name].size for name in parts}
    headers = [Header(hub.prefix(origin.id, repository.commit, name, size)) for name, size in sizes.items()]
    source = f"{hub.endpoint}/{origin.id}/blob/{repository.commit}/{parts[0]}"
    return gguf_facts(facts_of_parts(headers), replace(origin, source=source))


def _facts(files: Checkout, origin: Origin) -> ModelFacts:
    weights = stored(files)
    if "config.json" not in files.sizes:
        raise ModelNotFound(f"{files.name} has no config.json, which says how the model is built. Name its repository.")
    quantization = "hf_quant_config.json"
    return facts_of(
        read_json(files, "config.json"),
        replace(origin, chat_template=_has_template(files)),
        hf_quant=read_json(files, quantization) if quantization in files.sizes else None,
        stored=weights,
    )


def _has_template(files: Checkout) -> bool:
    if any(name in files.sizes for name in TEMPLATES):
        return True
    settings = "tokenizer_config.json"
    return settings in files.sizes and bool(read_json(files, settings).get("chat_template"))


def _offline(model_id: str, revision: str | None, why: str) -> str:
    if revision is not None and model_id in catalogue():
        other = "Without a revision the catalogue answers for it."
    else:
        other = f"The catalogue does not have it.{_near(model_id)}"
    asked = f" at revision {revision}" if revision else ""
    return f"{model_id}{asked} was not read: {why}. {other} Name a directory with its config.json, or a .gguf file."


def _near(model_id: str) -> str:
    """The ids of the catalogue that look like this one."""
    import difflib

    names = {name.split("/")[-1].lower(): name for name in catalogue()}
    near = difflib.get_close_matches(model_id.split("/")[-1].lower(), names, n=3, cutoff=0.5)
    return f" Near it are {', '.join(names[name] for name in near)}." if near else ""


def _today() -> str:
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()

"""Our own server's container: whole, against its golden file, and every word of it against the server's own parser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drivers import container_specs
from drivers.container_specs import ON_PROCESSORS, SERVER_IMAGE

from llmctl.serving.engines.container import API_KEY
from llmctl.serving.engines.container import Image as ContainerImage
from llmctl.serving.errors import EngineError
from llmctl.serving.server.container import COMMAND, METRICS, container
from llmctl.serving.server.metrics import Metrics
from llmctl.serving.server.settings import settings_from
from llmctl.serving.spec import Adapter, Speculation


def test_the_container_is_the_golden_one() -> None:
    golden = container_specs.SERVER_GOLDEN.read_text(encoding="utf-8")
    assert container_specs.server_written() == golden, container_specs.__doc__


def test_the_server_reads_the_command_line_as_it_was_meant() -> None:
    settings = settings_from(container(ON_PROCESSORS, SERVER_IMAGE).args, {})
    assert (settings.model_id, str(settings.model_file)) == ("llama", "/weights/llama.gguf")
    assert (settings.max_total_tokens, settings.max_input_tokens, settings.max_batch_size) == (8192, 8191, 16)
    assert settings.threads == 4
    assert settings.graceful_termination_timeout == ON_PROCESSORS.graceful_termination_seconds
    assert settings.hostname == "0.0.0.0"  # noqa: S104 (inside a container)


def test_less_than_a_core_is_one_thread_and_engine_args_decide() -> None:
    small = replace(ON_PROCESSORS, host=replace(ON_PROCESSORS.host, cpus=0.5))
    assert settings_from(container(small, SERVER_IMAGE).args, {}).threads == 1
    told = replace(small, engine_args={"threads": 3})
    assert settings_from(container(told, SERVER_IMAGE).args, {}).threads == 3


def test_the_key_is_named_and_never_in_the_command_line() -> None:
    made = container(replace(ON_PROCESSORS, api_key=True), SERVER_IMAGE)
    assert made.env["API_KEY"] is API_KEY
    assert not [word for word in made.args if "key" in word]


def test_every_metric_is_one_that_the_server_shows() -> None:
    shown = Metrics(max_input_tokens=10, max_total_tokens=20).render()
    for name in filter(None, METRICS.names.values()):
        assert f"\n{name}" in f"\n{shown}", name


def test_the_image_is_the_one_that_was_given_and_the_command_is_said() -> None:
    image = ContainerImage(repository="registry.example.com/team/server", tag="1")
    made = container(ON_PROCESSORS, image)
    assert (made.image, made.command) == (image, COMMAND)


def test_the_quantization_that_the_file_is_in_may_be_said() -> None:
    said = replace(ON_PROCESSORS, model="/weights/llama.Q4_1.gguf", quantization="q4_1")
    assert "q4_1" not in container(said, SERVER_IMAGE).args


REFUSED = {
    "an accelerator": ({"accelerator": "l4", "gpus": 1}, "does not use l4"),
    "a Hub id": ({"model": "org/model"}, "org/model is none"),
    "a directory": ({"model": "/weights"}, "/weights is none"),
    "a quantization": ({"quantization": "awq"}, "Leave quantization out"),
    "a dtype": ({"dtype": "float16"}, "Leave dtype out"),
    "a cache type": ({"kv_cache_dtype": "fp8_e4m3"}, "Leave kvCacheDtype out"),
    "adapters": ({"adapters": (Adapter(name="a", source="/a"),)}, "Leave adapters out"),
    "speculation": ({"speculation": Speculation(tokens=3)}, "Leave speculation out"),
    "an unknown flag": ({"engine_args": {"thread": 1}}, "no flag --thread. Did you mean threads"),
    "a flag of a setting": ({"engine_args": {"max-batch-size": 1}}, "decided by maxBatchSize"),
    "a flag of the target": ({"engine_args": {"port": 1}}, "decided by the target"),
    "a flag for a key": ({"engine_args": {"api-key-file": "/k"}}, "would show a secret"),
}


@pytest.mark.parametrize(("asked", "says"), REFUSED.values(), ids=REFUSED)
def test_what_the_server_does_not_have_is_refused_with_the_way_out(asked: dict[str, object], says: str) -> None:
    with pytest.raises(EngineError, match=r"llmctl's model server|engineArgs") as refusal:
        container(replace(ON_PROCESSORS, **asked), SERVER_IMAGE)  # type: ignore[arg-type]
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)

"""What is shown of a stack in a cluster, whole."""

from __future__ import annotations

import io

from llmctl.cli.console import Console
from llmctl.cli.view import View
from llmctl.cli.views.connection import connection_view
from llmctl.cli.views.diagnosis import diagnosis_view
from llmctl.cli.views.status import status_view
from llmctl.infra.connection import Connection
from llmctl.infra.diagnosis import Diagnosis
from llmctl.infra.status import ModelStatus, ReplicaStatus, StackStatus


def shown(view: View) -> str:
    out = io.StringIO()
    Console(out, io.StringIO(), io.StringIO()).show(view)
    return out.getvalue()


def replica(name: str, phase: str, node: str | None, gpus: str | None = None) -> ReplicaStatus:
    return ReplicaStatus(name=name, phase=phase, age=3725, node=node, gpus=gpus, restarts=0)


STATUS = StackStatus(
    stack="dev",
    target="kubernetes",
    model="chat, legal",
    state="in trouble",
    healthy=True,
    endpoint="http://gateway.llmctl-dev.svc",
    details={"context": "lab", "namespace": "llmctl-dev", "gateways": "2 of 2 ready"},
    models=(
        ModelStatus(
            name="chat",
            wanted=2,
            replicas=(replica("chat-1", "warm", "a", "1 nvidia.com/gpu"), replica("chat-2", "unscheduled", None)),
            working=3,
            waiting=1,
            tokens_per_second=81.6,
        ),
        ModelStatus(name="legal", wanted=0, replicas=(), working=None, waiting=None, tokens_per_second=None),
    ),
    problem="No node. Add one.",
)


def test_status_of_a_stack_in_a_cluster() -> None:
    assert shown(status_view(STATUS)) == (
        "stack      dev (kubernetes)\n"
        "model      chat, legal\n"
        "state      in trouble, answers\n"
        "endpoint   http://gateway.llmctl-dev.svc/v1 (inside the cluster; from here: llmctl connect dev)\n"
        "context    lab\n"
        "namespace  llmctl-dev\n"
        "gateways   2 of 2 ready\n"
        "\n"
        "MODEL  REPLICAS     WORKING ON  WAITING  TOKENS/S\n"
        "chat   1 of 2 warm  3           1        82\n"
        "legal  0 of 0 warm  ?           ?        ?\n"
        "\n"
        "REPLICA  PHASE        AGE       NODE  GPU               RESTARTS\n"
        "chat-1   warm         1 h 2 min  a     1 nvidia.com/gpu  0\n"
        "chat-2   unscheduled  1 h 2 min  none  none              0\n"
        "\n"
        "No node. Add one.\n"
    ).replace("AGE       NODE", "AGE        NODE")


def test_a_diagnosis_is_a_sentence_a_fix_and_the_clusters_own_words() -> None:
    diagnosis = Diagnosis(sentence="No node.", fix="Add one.", about="pod/chat-1", evidence=("scheduler: 0/1",))
    assert shown(diagnosis_view("dev", diagnosis)) == "No node.\nFix: Add one.\nSeen at pod/chat-1:\n  scheduler: 0/1\n"


CONNECTION = Connection(
    url="http://127.0.0.1:8000", metrics_url=None, api_key_file="/my keys/api-key", models=("chat",), held=True
)


def test_a_connection_as_shell_variables_names_the_file_of_the_key() -> None:
    assert shown(connection_view("dev", CONNECTION, "env")) == (
        "export OPENAI_BASE_URL=http://127.0.0.1:8000/v1\n"
        "export OPENAI_API_KEY=\"$(cat '/my keys/api-key')\"\n"
        "export LLMCTL_MODEL=chat\n"
    )


def test_a_connection_in_python_is_python() -> None:
    compile(shown(connection_view("dev", CONNECTION, "python")), "example", "exec")

"""SGLang 0.5.23, read in its wheel: srt/entrypoints, srt/arg_groups, srt/managers, srt/observability."""

from __future__ import annotations

from llmctl.serving.engines.behaviour import Behaviour, Knob, Purpose, Route, Topic

OPENAI = "OpenAI's"

BEHAVIOUR = Behaviour(
    meanings={
        Topic.QUEUE: "requests that wait, those that run not counted; above it 503, in a stream an event of a 200",
        Topic.BATCH: "sequences that run; unset, the engine chooses by memory, and 48 with speculation",
        Topic.PREFILL: "tokens of one prompt computed in one step; must be a multiple of --page-size",
        Topic.CONTEXT: "--context-length; the engine's own --max-total-tokens is the size of the whole KV cache",
        Topic.SPECULATION: "n-grams, or a draft model (STANDALONE), as one chain of tokens",
        Topic.ADAPTERS: "asked for as BASE:ADAPTER in the request's model, or as lora_path; ranks are read from them",
        Topic.QUANTIZATION: "fp8 quantizes while loading, or reads what is stored so",
        Topic.MEMORY: "takes --mem-fraction-static of each GPU for weights and KV cache, "
        "computed from GPU, chunk size and CUDA graphs",
        Topic.API_KEY: "only on the command line, and printed at start with all arguments; llmctl does not offer it",
        Topic.MODEL_NAME: "not looked at: chat and completions are served by the base model",
        Topic.SAMPLING: "OpenAI's ranges; what is left out comes from the model's generation_config.json "
        "(--sampling-defaults)",
        Topic.CONSTRAINED: "OpenAI's response_format (json_schema, json_object); regex and ebnf as fields",
        Topic.ERRORS: "{object: error, message, type, param, code}; 400 for a bad request",
        Topic.STREAM_ERRORS: "an event {error: {object, message, type, param, code}}, then [DONE]",
        Topic.SILENCE: "nothing is sent; a proxy's timeout must be longer than the longest prefill",
        Topic.OTHER_ROUTES: "routes that change the server are on the same port and open without a key: "
        "/flush_cache, /update_weights_from_disk, /load_lora_adapter, /release_memory_occupation, /abort_request",
    },
    knobs={
        Knob.GPU_MEMORY: "mem-fraction-static",
        Knob.CUDA_GRAPHS: "disable-decode-cuda-graph",
        Knob.NO_PREFIX_CACHE: "disable-radix-cache",
        Knob.CHAT_TEMPLATE: "chat-template",
        Knob.TRACES: "otlp-traces-endpoint",
        Knob.FRONT_PROCESSES: "tokenizer-worker-num",
        Knob.MODEL_CONFIG: "json-model-override-args",
        Knob.KV_BLOCK: "page-size",
        Knob.SEED: "random-seed",
        Knob.REQUEST_LOG: "log-requests",
        Knob.SAMPLING_DEFAULTS: "sampling-defaults",
    },
    api={
        "POST /v1/chat/completions": Route(purpose=Purpose.CHAT, shape=OPENAI),
        "POST /v1/completions": Route(purpose=Purpose.COMPLETION, shape=OPENAI),
        "POST /v1/responses": Route(purpose=Purpose.RESPONSES, shape=OPENAI),
        "POST /v1/messages": Route(purpose=Purpose.MESSAGES, shape="Anthropic's"),
        "POST /generate": Route(
            purpose=Purpose.COMPLETION,
            shape="{text, sampling_params, stream} -> {text, meta_info}; [DONE] ends a stream",
        ),
        "POST /invocations": Route(purpose=Purpose.SAGEMAKER, shape="the body of a chat completion"),
        "POST /vertex_generate": Route(purpose=Purpose.VERTEX, shape="{instances, parameters} -> {predictions}"),
        "POST /tokenize": Route(
            purpose=Purpose.TOKENS,
            also=frozenset({Purpose.CHAT_TOKENS}),
            shape="{prompt} or {messages} -> {count, max_model_len, tokens: [id]}",
        ),
        "POST /detokenize": Route(purpose=Purpose.TEXT, shape="{tokens: [id]} -> {text}"),
        "GET /v1/models": Route(
            purpose=Purpose.MODELS, also=frozenset({Purpose.LIMITS}), shape="OpenAI's, with max_model_len"
        ),
        "GET /model_info": Route(purpose=Purpose.LIMITS, shape="{model_path, is_generation, …}"),
        "GET /health": Route(purpose=Purpose.HEALTH, shape="200 or 503, empty, after 1 to 20 s"),
        "GET /ready": Route(purpose=Purpose.HEALTH, shape="200 or 503, empty, without generating"),
        "GET /ping": Route(purpose=Purpose.HEALTH, shape="200 or 503, empty"),
        "GET /metrics": Route(purpose=Purpose.METRICS, shape="Prometheus"),
        "GET /docs": Route(purpose=Purpose.PAGES, shape="Swagger UI"),
    },
    metric_notes={
        "request_failures": 'of the HTTP layer, every route: status_code=~"5.."',
        "time_per_output_token": "mean of one request",
    },
)

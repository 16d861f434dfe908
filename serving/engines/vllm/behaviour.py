"""vLLM 0.33.0, read in its wheel: entrypoints/, config/, v1/metrics/loggers.py, sampling_params.py."""

from __future__ import annotations

from llmctl.serving.engines.behaviour import Behaviour, Knob, Purpose, Route, Topic

OPENAI = "OpenAI's"

BEHAVIOUR = Behaviour(
    meanings={
        Topic.QUEUE: "requests in flight, waiting ones included; above it 503, for streams too",
        Topic.BATCH: "sequences in one step; unset, the engine chooses by the GPU's memory",
        Topic.PREFILL: "tokens of one step, of prompts and of answers together",
        Topic.CONTEXT: "refused at start when the KV cache cannot hold one such request",
        Topic.SPECULATION: "n-grams of 5 tokens, or a draft model of the same vocabulary",
        Topic.ADAPTERS: "asked for as the request's model; ranks up to --max-lora-rank, 16 unless engineArgs raises it",
        Topic.QUANTIZATION: "fp8 quantizes while loading; leave it out for a model that is stored quantized",
        Topic.MEMORY: "takes 92 % of each GPU (--gpu-memory-utilization), activations included",
        Topic.API_KEY: "asked for under /v1, /v2, /inference and /cohere; /invocations and all others are open",
        Topic.MODEL_NAME: "404",
        Topic.SAMPLING: "OpenAI's ranges; what is left out comes from the model's generation_config.json, "
        "which may also cap the answer's length",
        Topic.CONSTRAINED: "OpenAI's response_format (json_schema, json_object); "
        "structured_outputs with json, regex, choice or grammar",
        Topic.ERRORS: "{error: {message, type, param, code}}; 400 for a bad request, 500 for a failed generation",
        Topic.STREAM_ERRORS: "an event {error: {message, type, param, code}}, then [DONE]",
        Topic.SILENCE: "a comment every --sse-keep-alive-interval seconds, which llmctl sets to 15",
        Topic.OTHER_ROUTES: "/tokenize, /detokenize, /load, /version beside /v1; "
        "adapters can be loaded over HTTP only with VLLM_ALLOW_RUNTIME_LORA_UPDATING",
    },
    knobs={
        Knob.GPU_MEMORY: "gpu-memory-utilization",
        Knob.CUDA_GRAPHS: "enforce-eager",
        Knob.NO_PREFIX_CACHE: "no-enable-prefix-caching",
        Knob.CHAT_TEMPLATE: "chat-template",
        Knob.TRACES: "otlp-traces-endpoint",
        Knob.FRONT_PROCESSES: "api-server-count",
        Knob.LOGPROBS: "max-logprobs",
        Knob.MODEL_CONFIG: "hf-overrides",
        Knob.KV_BLOCK: "block-size",
        Knob.CORS: "allowed-origins",
        Knob.SEED: "seed",
        Knob.REQUEST_LOG: "enable-log-requests",
        Knob.SAMPLING_DEFAULTS: "generation-config",
    },
    api={
        "POST /v1/chat/completions": Route(purpose=Purpose.CHAT, shape=OPENAI),
        "POST /v1/completions": Route(purpose=Purpose.COMPLETION, shape=OPENAI),
        "POST /v1/responses": Route(purpose=Purpose.RESPONSES, shape=OPENAI),
        "POST /v1/messages": Route(purpose=Purpose.MESSAGES, shape="Anthropic's"),
        "POST /invocations": Route(purpose=Purpose.SAGEMAKER, shape="the body of an OpenAI route"),
        "POST /tokenize": Route(
            purpose=Purpose.TOKENS,
            also=frozenset({Purpose.CHAT_TOKENS}),
            shape="{prompt} or {messages} -> {count, max_model_len, tokens: [id]}",
        ),
        "POST /detokenize": Route(purpose=Purpose.TEXT, shape="{tokens: [id]} -> {prompt}"),
        "GET /v1/models": Route(
            purpose=Purpose.MODELS,
            also=frozenset({Purpose.LIMITS}),
            shape="OpenAI's, with max_model_len; adapters are listed too",
        ),
        "GET /health": Route(purpose=Purpose.HEALTH, shape="200 or 503, empty"),
        "GET /ping": Route(purpose=Purpose.HEALTH, shape="200 or 503, empty"),
        "GET /metrics": Route(purpose=Purpose.METRICS, shape="Prometheus"),
        "GET /docs": Route(purpose=Purpose.PAGES, shape="Swagger UI"),
    },
    metric_notes={
        "request_failures": 'of the HTTP layer, every route: status="5xx"; what the queue limit refuses is also in '
        "vllm:admission_rejections_total",
        "time_per_output_token": "mean of one request, without its first token",
    },
)

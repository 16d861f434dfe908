"""TGI 3.3.7, read in huggingface/text-generation-inference: router/src, launcher/src/main.rs, docs/openapi.json."""

from __future__ import annotations

from llmctl.serving.engines.behaviour import Behaviour, Knob, Purpose, Route, Topic

BEHAVIOUR = Behaviour(
    meanings={
        Topic.QUEUE: "requests in flight, waiting ones included; above it 429 without Retry-After, "
        "in a stream an event of a 200",
        Topic.BATCH: "counts where prefill is not chunked; where it is, memory alone bounds the batch",
        Topic.PREFILL: "prompt tokens computed in one step; a longer prompt is cut into chunks",
        Topic.CONTEXT: "a request is refused with 422 when prompt and wanted tokens exceed it",
        Topic.SPECULATION: "n-grams; turns chunked prefill off",
        Topic.ADAPTERS: "asked for as adapter_id, or as the request's model; turns prefix caching off",
        Topic.QUANTIZATION: "fp8 quantizes while loading; taken from config.json where the model is stored quantized",
        Topic.MEMORY: "leaves 10 % of each GPU free and gives the rest after the warm-up to the KV cache",
        Topic.API_KEY: "asked for on the routes that generate, upper or lower case alike, and printed at start; "
        "/info, /metrics, /v1/models, /chat_tokenize and /docs are open",
        Topic.MODEL_NAME: "taken for an adapter that is not there, and served by the base model",
        Topic.SAMPLING: "top_p 1 is refused; presence_penalty x becomes repetition_penalty x + 2; "
        "/generate samples when parameters is missing, and does not when it is empty",
        Topic.CONSTRAINED: "response_format {type: json, value: SCHEMA} and grammar; OpenAI's json_schema is refused",
        Topic.ERRORS: "{error, error_type}; 422 for a bad request, 424 for a failed answer; plain text for bad JSON",
        Topic.STREAM_ERRORS: "with status 200: an event {error, error_type} and the end in /generate_stream; "
        "{error: {message, http_status_code: 422}} and [DONE] in OpenAI's routes, for overload too",
        Topic.SILENCE: "a comment every 15 s",
        Topic.OTHER_ROUTES: "/info and /docs tell the model and its limits to anybody",
    },
    knobs={
        Knob.GPU_MEMORY: "cuda-memory-fraction",
        Knob.CUDA_GRAPHS: "cuda-graphs",
        Knob.CHAT_TEMPLATE: "tokenizer-config-path",
        Knob.TRACES: "otlp-endpoint",
        Knob.FRONT_PROCESSES: "validation-workers",
        Knob.LOGPROBS: "max-top-n-tokens",
        Knob.MODEL_CONFIG: "rope-scaling",
        Knob.CORS: "cors-allow-origin",
        Knob.JSON_LOG: "json-output",
    },
    api={
        "POST /": Route(purpose=Purpose.COMPLETION, shape="{inputs, parameters, stream} -> [{generated_text}]"),
        "POST /generate": Route(purpose=Purpose.COMPLETION, shape="{inputs, parameters} -> {generated_text, details?}"),
        "POST /generate_stream": Route(
            purpose=Purpose.COMPLETION, shape="events {token, generated_text, details}, no [DONE]"
        ),
        "POST /v1/chat/completions": Route(
            purpose=Purpose.CHAT, shape="OpenAI's, without n and logit_bias; stop is a list; id is empty"
        ),
        "POST /v1/completions": Route(
            purpose=Purpose.COMPLETION, shape="OpenAI's; finish_reason eos_token where OpenAI says stop"
        ),
        "POST /invocations": Route(purpose=Purpose.SAGEMAKER, shape="the body of /, of chat or of completions"),
        "POST /vertex": Route(purpose=Purpose.VERTEX, shape="{instances} -> {predictions}; every failure is 500"),
        "POST /tokenize": Route(purpose=Purpose.TOKENS, shape="{inputs} -> [{id, text, start, stop}]"),
        "POST /chat_tokenize": Route(
            purpose=Purpose.CHAT_TOKENS, shape="a chat -> {tokenize_response, templated_text}"
        ),
        "GET /info": Route(purpose=Purpose.LIMITS, shape="{model_id, model_sha, max_total_tokens, version, …}"),
        "GET /v1/models": Route(purpose=Purpose.MODELS, shape="OpenAI's, the base model only"),
        "GET /health": Route(purpose=Purpose.HEALTH, shape="200 empty, or 503 {error, error_type}"),
        "GET /ping": Route(purpose=Purpose.HEALTH, shape="200 empty, or 503 {error, error_type}"),
        "GET /metrics": Route(purpose=Purpose.METRICS, shape="Prometheus"),
        "GET /docs": Route(purpose=Purpose.PAGES, shape="Swagger UI"),
    },
    metric_notes={
        "request_failures": "label err: overloaded, validation, generation, incomplete, template, dropped",
        "generated_tokens": "sum of a histogram, of requests that succeeded",
        "prompt_tokens": "sum of a histogram, of requests that succeeded",
        "time_per_output_token": "mean of one request, prefill included",
    },
)

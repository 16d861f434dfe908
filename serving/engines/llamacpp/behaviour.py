"""llama.cpp's server, build 11312, read in tools/server of the copy that llama-cpp-python 0.3.36 on PyPI carries."""

from __future__ import annotations

from llmctl.serving.engines.behaviour import Behaviour, Knob, Purpose, Route, Topic

OPENAI = "OpenAI's"

BEHAVIOUR = Behaviour(
    meanings={
        Topic.QUEUE: "no limit: requests beyond the slots wait for one",
        Topic.BATCH: "slots; each has its part of the context",
        Topic.PREFILL: "tokens of one step, of all slots together",
        Topic.CONTEXT: "--ctx-size is that of all slots together: maxTotalTokens times maxBatchSize",
        Topic.SPECULATION: "n-grams, or a draft model in GGUF",
        Topic.ADAPTERS: "GGUF files, applied to every request; a client cannot ask for one by name",
        Topic.QUANTIZATION: "that of the GGUF file",
        Topic.MEMORY: "weights of the layers on the GPU, and the whole KV cache at start",
        Topic.API_KEY: "asked for on every route but /health and /v1/health and the pages",
        Topic.MODEL_NAME: "served by the one model there is",
        Topic.SAMPLING: "what is left out comes from its own defaults, top_k 40 and min_p 0.05 among them",
        Topic.CONSTRAINED: "OpenAI's response_format; grammar (GBNF) and json_schema as fields of the request",
        Topic.ERRORS: "{error: {code, message, type}}",
        Topic.STREAM_ERRORS: "an event {error: {code, message, type}}",
        Topic.SILENCE: "a comment every 30 s (--sse-ping-interval)",
        Topic.OTHER_ROUTES: "/slots, which shows running prompts, is off; /props shows the template",
    },
    knobs={
        Knob.NO_PREFIX_CACHE: "no-cache-prompt",
        Knob.CHAT_TEMPLATE: "chat-template-file",
        Knob.MODEL_CONFIG: "rope-scaling",
        Knob.CORS: "cors-origins",
        Knob.SEED: "seed",
        Knob.JSON_LOG: "log-jsonl",
    },
    api={
        "POST /v1/chat/completions": Route(purpose=Purpose.CHAT, shape=OPENAI),
        "POST /v1/completions": Route(purpose=Purpose.COMPLETION, shape=OPENAI),
        "POST /v1/responses": Route(purpose=Purpose.RESPONSES, shape=OPENAI),
        "POST /v1/messages": Route(purpose=Purpose.MESSAGES, shape="Anthropic's"),
        "POST /completion": Route(purpose=Purpose.COMPLETION, shape="{prompt, n_predict, …} -> {content, …}"),
        "POST /tokenize": Route(purpose=Purpose.TOKENS, shape="{content} -> {tokens: [id]}, pieces with with_pieces"),
        "POST /detokenize": Route(purpose=Purpose.TEXT, shape="{tokens: [id]} -> {content}"),
        "POST /v1/chat/completions/input_tokens": Route(purpose=Purpose.CHAT_TOKENS, shape="a chat -> their number"),
        "GET /props": Route(purpose=Purpose.LIMITS, shape="{default_generation_settings, total_slots, …}"),
        "GET /v1/models": Route(purpose=Purpose.MODELS, shape="OpenAI's"),
        "GET /health": Route(purpose=Purpose.HEALTH, shape="200 {status: ok}, or 503 while loading"),
        "GET /metrics": Route(purpose=Purpose.METRICS, shape="Prometheus, with --metrics"),
    },
)

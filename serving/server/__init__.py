"""The local model server: TGI 3.3.7's HTTP API over llama.cpp.

A request passes through these stages, each of which only knows the one below it:

    body        bytes -> JSON -> a pydantic model of schemas; the only place that sees raw input
    api, chat, completions    the model -> a prompt and parameters; steps -> the answer's shape (answers, sse)
    inference   admission, checks (validation, grammar), a slot of the batch, metrics
    writer      llama.cpp's events -> steps with whole characters, stop sequences, an end; no I/O
    engine      llama.cpp itself: tokens as an async stream that can be cancelled; nothing else imports xllamacpp

The rule that holds it together: whatever a client may ask for is either done or refused by name, never dropped.
`docs/tgi-compatibility.md` says where this differs from TGI.
"""

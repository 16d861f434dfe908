"""The bodies TGI accepts, as its Rust types define them (router/src/lib.rs): strict, unknown fields ignored.

`X | None` with a default is Rust's Option: absent and null are the same. A field without `None` refuses null.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Strict, field_validator, model_validator

U32 = Annotated[int, Strict(), Field(ge=0, le=2**32 - 1)]
U64 = Annotated[int, Strict(), Field(ge=0, le=2**64 - 1)]
I32 = Annotated[int, Strict(), Field(ge=-(2**31), le=2**31 - 1)]
F32 = Annotated[float, Strict(), Field(allow_inf_nan=False)]


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class JsonGrammar(Body):
    type: Literal["json", "json_object"]
    value: Any


class RegexGrammar(Body):
    type: Literal["regex"]
    value: str


class NamedSchema(Body):
    name: str | None = None
    schema_: Any = Field(alias="schema")


class JsonSchemaGrammar(Body):
    type: Literal["json_schema"]
    value: NamedSchema


Grammar = Annotated[JsonGrammar | RegexGrammar | JsonSchemaGrammar, Field(discriminator="type")]


class GenerateParameters(Body):
    best_of: U64 | None = None
    temperature: F32 | None = None
    repetition_penalty: F32 | None = None
    frequency_penalty: F32 | None = None
    top_k: I32 | None = None
    top_p: F32 | None = None
    typical_p: F32 | None = None
    do_sample: bool = False
    max_new_tokens: U32 | None = None
    return_full_text: bool | None = None
    stop: list[str] = []
    truncate: U64 | None = None
    watermark: bool = False
    details: bool = False
    decoder_input_details: bool = False
    seed: U64 | None = None
    top_n_tokens: U32 | None = None
    grammar: Grammar | None = None
    adapter_id: str | None = None


class GenerateRequest(Body):
    inputs: str
    # Left out, sampling is on; `{}` leaves it off. TGI's own default, kept (docs/tgi-compatibility.md).
    parameters: GenerateParameters = GenerateParameters(do_sample=True)


class CompatGenerateRequest(GenerateRequest):
    stream: bool = False


class CompletionRequest(Body):
    model: str | None = None
    prompt: str | list[str]
    max_tokens: U32 | None = None
    temperature: F32 | None = None
    top_p: F32 | None = None
    stream: bool = False
    seed: U64 | None = None
    suffix: str | None = None
    repetition_penalty: F32 | None = None
    frequency_penalty: F32 | None = None
    stop: list[str] | None = None

    @field_validator("prompt")
    @classmethod
    def _some_prompt(cls, prompt: str | list[str]) -> str | list[str]:
        if prompt == []:
            raise ValueError("Empty array detected. Do not use an empty array for the prompt.")
        return prompt

    @property
    def prompts(self) -> list[str]:
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt


class FunctionDefinition(Body):
    name: str
    description: str | None = None
    arguments: Any = Field(validation_alias=AliasChoices("arguments", "parameters"))


class Tool(Body):
    type: str
    function: FunctionDefinition


class ToolCall(Body):
    id: str
    type: str
    function: FunctionDefinition


class Url(Body):
    url: str


class TextPart(Body):
    type: Literal["text"]
    text: str


class ImagePart(Body):
    type: Literal["image_url"]
    image_url: Url


class Message(Body):
    role: str
    content: str | list[Annotated[TextPart | ImagePart, Field(discriminator="type")]] | None = None
    tool_calls: list[ToolCall] | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _has_a_body(self) -> Message:
        if self.content is None and self.tool_calls is None:
            raise ValueError("data did not match any variant of untagged enum MessageBody")
        return self


class FunctionName(Body):
    name: str


class FunctionChoice(Body):
    type: Literal["function"]
    function: FunctionName


class StreamOptions(Body):
    include_usage: bool = False


class ChatRequest(Body):
    messages: list[Message]
    model: str | None = None
    frequency_penalty: F32 | None = None
    logit_bias: list[F32] | None = None
    logprobs: bool | None = None
    top_logprobs: U32 | None = None
    max_tokens: U32 | None = Field(None, validation_alias=AliasChoices("max_tokens", "max_completion_tokens"))
    n: U32 | None = None
    presence_penalty: F32 | None = None
    stop: list[str] | None = None
    stream: bool = False
    seed: U64 | None = None
    temperature: F32 | None = None
    top_p: F32 | None = None
    tools: list[Tool] | None = None
    tool_prompt: str | None = None
    tool_choice: str | FunctionChoice | None = "auto"
    response_format: Grammar | None = None
    stream_options: StreamOptions = StreamOptions()

    @model_validator(mode="before")
    @classmethod
    def _one_limit(cls, body: Any) -> Any:
        if isinstance(body, dict) and {"max_tokens", "max_completion_tokens"} <= body.keys():
            raise ValueError("duplicate field `max_tokens`")
        return body

"""The local model server: TGI 3.3.7's HTTP API over llama.cpp."""

"""vLLM: its release, container, support and behaviour, and the lists read from its source."""

"""The engines: each turns a ServingSpec into a container, and says what it can and cannot do."""

"""One module per command. A command parses, calls one function of the layers below, and shows its result."""

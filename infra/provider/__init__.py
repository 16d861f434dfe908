"""llmctl's own Pulumi provider plugin. It has one resource, the model server process of a local stack."""

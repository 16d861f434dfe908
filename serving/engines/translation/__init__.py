"""What changes when a model moves from one engine to another."""

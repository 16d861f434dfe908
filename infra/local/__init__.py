"""The local target: one model server process on this machine."""

"""Rules as pure functions over resources. Imports none of cli, infra and serving."""

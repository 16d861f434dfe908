"""Accelerators, the machine types that carry them, and what an hour costs. Every figure has a source and a date."""

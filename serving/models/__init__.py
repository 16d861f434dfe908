"""Which file holds a model, where it comes from, and is it whole: embedded, on disk, or on the Hub."""

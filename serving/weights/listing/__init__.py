"""What makes a model at its source: each file with its size and a hash, pinned so that two runs mean the same bytes."""

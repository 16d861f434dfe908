"""Does a model fit a GPU, how many does it need, what will it cost: weights and cache in bytes, speed as an estimate."""

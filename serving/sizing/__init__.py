"""Does a model fit a GPU, how many does it need, what will it cost: bytes by formula, speed as an estimate."""

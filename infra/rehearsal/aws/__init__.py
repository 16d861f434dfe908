"""What is AWS about the double: types, refusals, outputs."""

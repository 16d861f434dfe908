"""From a parsed config.json to ModelFacts, by formula. Pure."""

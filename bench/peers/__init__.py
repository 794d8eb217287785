"""The router and its peers as programs that the benchmark runs and measures alike."""

"""The benchmark driver behind tools/bench/run."""

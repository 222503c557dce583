"""The benchmark: our real processes against fast sinks on this machine, beside what others would do with the same work."""

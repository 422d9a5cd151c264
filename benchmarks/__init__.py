"""Benchmarks: ratios to a floor or a peer, measured in the same run on the real engines."""

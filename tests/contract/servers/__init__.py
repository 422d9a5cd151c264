"""Real servers that a state store may live in, started for a test run."""

"""Proof by use: what officials see and do, with a real browser and real engines."""

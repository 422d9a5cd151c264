"""e-Office products: what the tool must know of one to configure and verify it."""

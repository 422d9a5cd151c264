"""Onboard a Thai government agency to e-Office on GDCC from its MOU manifest, and prove it."""

__version__ = "0.1.0"

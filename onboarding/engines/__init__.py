"""The engines that realise items; each implements the Protocol in ``interface``."""

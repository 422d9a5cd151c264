"""Every manifest of ``examples/``: what it becomes, and that nothing else comes of it."""

"""What outlives a run: applied items, journal and history, behind the ``StateStore`` Protocol."""

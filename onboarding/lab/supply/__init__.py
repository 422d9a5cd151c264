"""How the lab gets its engines: installed, downloaded, built, and kept in the user's cache.

``ensure(wanted, report)`` and ``ensure_each`` bring them, ``status`` lists them, ``trim`` frees the
space that only a rebuild would use. The sources of each stand in ``engines.yaml``.
"""

from __future__ import annotations

from onboarding.lab.supply.cache import root, trim
from onboarding.lab.supply.run import Status, ensure, ensure_each, status

__all__ = ["Status", "ensure", "ensure_each", "root", "status", "trim"]

"""Container images of a real e-Office, made from packages and kept in the cache of engines.

``ensure(names, report)`` makes what is missing; ``status`` tells what is there; ``load`` puts it
onto a lab's real node. What goes into each image stands in ``images.yaml``.
"""

from __future__ import annotations

from onboarding.lab.images.loading import load
from onboarding.lab.images.make import Made, ensure, status

__all__ = ["Made", "ensure", "load", "status"]

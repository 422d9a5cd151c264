"""What people see, as pictures: in the test's folder, or where somebody wants to look at them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


class Album:
    """Pictures by name; ``ONBOARD_TEST_PICTURES`` names another folder for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(os.environ.get("ONBOARD_TEST_PICTURES") or folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def take(self, page: Any, name: str) -> Path:
        to = self.folder / f"{name}.png"
        page.screenshot(path=str(to))
        return to

"""How each control's subject is broken on the real engines, and mended again.

One context manager a break; ``negatives.yaml`` says which control each one breaks, which others
follow from it, and which guard stands before it. Where a guard refuses the break, the function
proves that first (``refused``) and then goes round the guard as an administrator could.
"""

from __future__ import annotations

from tests.integration import (
    breaks_citizen,
    breaks_cluster,
    breaks_links,
    breaks_people,
    breaks_systems,
    breaks_vault,
)
from tests.integration.breaking import Break

BREAKS: dict[str, Break] = {
    **breaks_cluster.BREAKS,
    **breaks_vault.BREAKS,
    **breaks_people.BREAKS,
    **breaks_systems.BREAKS,
    **breaks_links.BREAKS,
    **breaks_citizen.BREAKS,
}
"""By control. MOU-004 and OPS-004 are a matter of manifest and day: no engine can break them."""

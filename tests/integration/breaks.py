"""How each control's subject is broken on the real engines, and mended again.

One context manager a break; ``negatives.yaml`` says which control each one breaks, which others
follow from it, and which guard stands before it. Where a guard refuses the break, the function
proves that first (``refused``) and then goes round the guard as an administrator could.
"""

from __future__ import annotations

from tests.integration import (
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
}
"""By control. MOU-004 is a matter of the day and has no engine to break."""

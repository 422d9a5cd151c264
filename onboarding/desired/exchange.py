"""Rights at the letter exchange (e-CMS): who sends, who receives, and where each secret lies.

Sending and receiving have a secret each, so that an instance that only receives cannot be made
to send letters in the agency's name.
"""

from __future__ import annotations

from onboarding import names, tenant
from onboarding.desired import saraban

RIGHTS = ("send", "receive")


def rights(of: tenant.Tenant, instance: tenant.Instance) -> tuple[str, ...]:
    """What an instance may do; nothing outside production: a trial must not send real letters."""
    system = of.system(instance)
    account = system.eoffice.ecms if system.eoffice else None
    if account is None or instance.environment != names.PRODUCTION:
        return ()
    return tuple(right for right in RIGHTS if getattr(account, right))


def credential(of: tenant.Tenant, instance: tenant.Instance, right: str) -> str:
    """Path of a right's secret below the key-value mount, e.g. ``moph/ga-moph-prod/ecms/send``."""
    folder = saraban.defaults()["ecms"]["credential"]
    return f"{of.kv_prefix}{instance.namespace}/{folder}/{right}"

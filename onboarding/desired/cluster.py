"""What the cluster must hold for a tenant: a fenced namespace per instance, and the workload.

Every value that a system may print in another spelling is written here as it prints it.
"""

from __future__ import annotations

from onboarding import environment, item, tenant
from onboarding.desired import (
    cluster_access,
    cluster_namespace,
    cluster_network,
    cluster_place,
    cluster_quota,
    cluster_workload,
    link_cluster,
    phases,
)

_CONCERNS = (
    cluster_namespace.items,
    cluster_quota.items,
    cluster_network.items,
    link_cluster.items,
    cluster_access.items,
    cluster_workload.items,
)


def desired(of: tenant.Tenant, target: environment.Environment) -> tuple[item.Item, ...]:
    """All objects of a tenant in the cluster in its phase, namespace by namespace.

    Raises ``errors.Refused`` where the environment cannot hold the tenant safely: no encrypted
    storage for sensitive data, an egress range that is open to the world.
    """
    places = [cluster_place.Place(of, instance, target) for instance in of.instances]
    everything = (thing for place in places for items in _CONCERNS for thing in items(place))
    return phases.of(of, everything)

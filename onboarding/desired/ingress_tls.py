"""The TLS certificates of an agency's ingress hosts, one for each instance (decision 25).

Only the certificate is an item. Its key is made when it is written, lives in the TLS Secret alone,
and is read by nobody: a copy of the public chain stands in a ConfigMap beside the Secret.
"""

from __future__ import annotations

from onboarding import environment, item, labels, tenant

WRITER = "onboard-ingress-tls"
"""Who manages these objects: not the stack, which would otherwise take them for leftovers."""
NOT_DUE = "not due"


def desired(of: tenant.Tenant, _: environment.Environment) -> tuple[item.Item, ...]:
    """One certificate a host: EC P-256, of the agency's own CA, not near its end."""
    return tuple(_secret(of, instance) for instance in of.instances if instance.host)


def ref(instance: tenant.Instance) -> item.Ref:
    """Of the certificate of an instance."""
    name = secret_name(instance)
    return item.Ref(item.EngineName.INGRESS_TLS, "TlsSecret", instance.namespace, name)


def secret_name(instance: tenant.Instance) -> str:
    """Name of the Secret that the Ingress refers to."""
    return f"{instance.workload}-tls"


def certificate_name(instance: tenant.Instance) -> str:
    """Name of the ConfigMap with the public chain."""
    return f"{secret_name(instance)}-certificate"


def marks(of: tenant.Tenant, instance: tenant.Instance) -> dict[str, str]:
    """Labels of both objects."""
    ours = labels.of(of.id, instance.system, instance.environment)
    return {**ours, labels.MANAGED_BY: WRITER}


def _secret(of: tenant.Tenant, instance: tenant.Instance) -> item.Item:
    fields = {
        "commonName": instance.host,
        "dnsNames": [instance.host],
        "keyAlgorithm": "ec",
        "curve": "secp256r1",
        "certificate": item.KNOWN_AFTER_APPLY,
        "notAfter": item.KNOWN_AFTER_APPLY,
        "renewal": NOT_DUE,
    }
    return item.Item(ref(instance), fields, of.id)

"""The engines of an environment, in their order, under one identity of the tool."""

from __future__ import annotations

from onboarding import environment
from onboarding.engines import interface


def of(target: environment.Environment, role: environment.Role) -> tuple[interface.Engine, ...]:
    """All engines, ready to observe (and, under the applier, to apply)."""
    from onboarding.engines import ansible_playbooks, ingress_tls, pulumi_stack, sso, vault_pki

    return (
        vault_pki.VaultPki(target, role),
        sso.Sso(target, role),
        pulumi_stack.PulumiStack(target, role),
        ingress_tls.IngressTls(target, role),
        ansible_playbooks.AnsiblePlaybooks(target, role),
    )

"""Policies of an agency's workloads and of issuing: documents that stay inside its own prefix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from onboarding import tenant
from onboarding.desired import device_vault, exchange, link_vault, vault_mark

Rules = Mapping[str, Sequence[str]]
"""Capabilities by path."""

_PATH = re.compile(r'^[ \t]*path[ \t]+"([^"]*)"[ \t]*\{([^}]*)\}', re.MULTILINE)
_CAPABILITIES = re.compile(r"capabilities[ \t]*=[ \t]*\[([^\]]*)\]")


def workload_name(of: tenant.Tenant, instance: tenant.Instance) -> str:
    return f"ga-{of.id}-{instance.namespace}"


def issuing_name(of: tenant.Tenant) -> str:
    return f"ga-{of.id}-issuing"


def workload(of: tenant.Tenant, instance: tenant.Instance) -> Rules:
    """A workload reads the secrets of its own instance and nothing else.

    ``+`` is one segment: what lies deeper, such as the secrets of the letter exchange, is opened
    path by path to who has the right.
    """
    data = f"{of.kv_mount}/data"
    return {
        f"{data}/{of.kv_prefix}{instance.namespace}/+": ("read",),
        **{
            f"{data}/{exchange.credential(of, instance, right)}": ("read",)
            for right in exchange.rights(of, instance)
        },
        **link_vault.rules(of, instance),
    }


def issuing(of: tenant.Tenant) -> Rules:
    """Sign officials' requests and revoke; ``issue`` would make keys and stays shut (PKI-016)."""
    mount = of.pki_mount
    return {
        # One role for the agency, or one for each body: signer, signer-<body>.
        f"{mount}/sign/signer*": ("update",),
        **device_vault.rules(of),
        f"{mount}/revoke": ("update",),
        f"{mount}/certs": ("list",),
        f"{mount}/cert/+": ("read",),
    }


def document(
    owner: str, purpose: str, rules: Rules, *, limits: Mapping[str, Sequence[str]] | None = None
) -> str:
    """The policy as text: a header with the owner, then one block a path.

    ``limits`` are further lines in the block of a path, such as ``required_parameters``.
    """
    blocks = [
        _block(path, capabilities, (limits or {}).get(path, ()))
        for path, capabilities in rules.items()
    ]
    return f"# {vault_mark.of(owner)}\n# {purpose}\n\n" + "\n".join(blocks)


def _block(path: str, capabilities: Sequence[str], limits: Sequence[str]) -> str:
    listed = ", ".join(_quoted(c) for c in capabilities)
    lines = [f"capabilities = [{listed}]", *limits]
    return f'path "{path}" {{\n' + "".join(f"  {line}\n" for line in lines) + "}\n"


def _quoted(word: str) -> str:
    return f'"{word}"'


def rules_in(text: str) -> dict[str, list[str]]:
    """Capabilities by path, read back from a policy's text."""
    return {
        path: re.findall(r'"([^"]*)"', found[1]) if (found := _CAPABILITIES.search(block)) else []
        for path, block in _PATH.findall(text)
    }

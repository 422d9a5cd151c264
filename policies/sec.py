"""SEC: the vault: audit, workloads' sign-in, policies, tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onboarding import item, policy
from onboarding.desired import link_vault
from onboarding.policies import judge, ops, pki_signers
from onboarding.policy import Stage

VAULT = item.EngineName.VAULT
_NOWHERE = ("discard", "/dev/null")


def audit_devices(view: policy.View) -> Iterator[policy.Result]:
    devices = view.shared(VAULT, "AuditDevice")
    least = view.thresholds["sec.leastAuditDevices"]
    sinks = {(d.fields.get("type"), d.fields.get("sink")) for d in devices}
    wrong_sinks = [s for _, s in sinks if str(s) in _NOWHERE]
    raw = [d.ref.name for d in devices if d.fields.get("logRaw") is not False]
    wrong = [f"{len(sinks)} sink(s)"] if len(sinks) < least else []
    wrong += [f"a device writes to {sink}, where nothing is kept" for sink in wrong_sinks]
    wrong += [f"{name} logs in the clear" for name in raw]
    names = ", ".join(sorted(d.ref.name for d in devices))
    yield judge.problems("audit devices", wrong, names)


def issuance_readable(view: policy.View) -> Iterator[policy.Result]:
    """What proves an issuance is readable in the log; private keys never are."""
    rules = view.thresholds
    wanted = {
        "audit_non_hmac_request_keys": set(rules["sec.plainRequestKeys"]),
        "audit_non_hmac_response_keys": set(rules["sec.plainResponseKeys"]),
    }
    never = set(rules["sec.hiddenAuditKeys"])
    for mount in view.items(VAULT, "Mount"):
        if mount.fields.get("type") != "pki":
            continue
        config = mount.fields.get("config") or {}
        wrong = []
        for key, least in wanted.items():
            plain = set(config.get(key) or ())
            if least - plain:
                wrong.append(f"{key} lacks {', '.join(sorted(least - plain))}")
            if plain & never:
                wrong.append(f"{key} shows {', '.join(sorted(plain & never))}")
        yield judge.problems(str(mount.ref), wrong, "issuance readable, keys hidden")
    yield from judge.absent(view, VAULT, "Mount")


def _names(value: Any) -> list[str]:
    return [str(v) for v in ([value] if isinstance(value, str) else value or ())]


def workload_auth(view: policy.View) -> Iterator[policy.Result]:
    longest = view.thresholds["sec.workloadTtlSeconds"]
    accounts = {i.namespace: i.service_account for i in view.tenant.instances}
    policies = {p.ref.name for p in view.items(VAULT, "Policy")}

    def one(role: item.Item) -> policy.Result:
        fields = role.fields
        spaces = _names(fields.get("bound_service_account_namespaces"))
        names = _names(fields.get("bound_service_account_names"))
        wrong = []
        if len(spaces) != 1 or spaces[0] not in accounts:
            wrong.append(f"namespaces {judge.show(spaces)}")
        elif names != [accounts[spaces[0]]]:
            wrong.append(f"accounts {judge.show(names)}")
        if fields.get("bound_service_account_namespace_selector"):
            wrong.append("namespaces chosen by a selector")
        if not fields.get("audience"):
            wrong.append("no audience")
        for key in ("token_ttl", "token_max_ttl"):
            seconds = fields.get(key)
            if not isinstance(seconds, int) or not 0 < seconds <= longest:
                wrong.append(f"{key}={judge.show(seconds)}")
        foreign = set(_names(fields.get("token_policies"))) - policies
        if foreign:
            wrong.append(f"policies {', '.join(sorted(foreign))}")
        return judge.problems(str(role.ref), wrong, "one account, one namespace, at most an hour")

    yield from judge.each(view, VAULT, "KubernetesAuthRole", one)


def _prefixes(view: policy.View) -> tuple[str, ...]:
    of = view.tenant
    kinds = ("data", "metadata", "delete", "undelete", "destroy")
    return (*(f"{of.kv_mount}/{kind}/{of.kv_prefix}" for kind in kinds), f"{of.pki_mount}/")


def own_prefix(view: policy.View) -> Iterator[policy.Result]:
    prefixes = _prefixes(view)

    def one(document: item.Item) -> policy.Result:
        wrong = []
        for path, capabilities in pki_signers.rules_of(document).items():
            if not path.startswith(prefixes):
                wrong.append(f"path {path}")
            if "sudo" in capabilities:
                wrong.append(f"sudo on {path}")
        return judge.problems(str(document.ref), wrong, f"inside {view.tenant.kv_prefix}")

    yield from judge.each(view, VAULT, "Policy", one)
    if view.stage is Stage.LIVE:
        yield from _others_policies(view)


def _others_policies(view: policy.View) -> Iterator[policy.Result]:
    """A policy that belongs to nobody and reaches the agency's secrets or its signing."""
    of = view.tenant
    guarded = [f"{of.kv_mount}/data/{of.kv_prefix}{i.namespace}/any" for i in of.instances]
    guarded += [
        f"{of.kv_mount}/data/{link_vault.key_pair_path(of, link)}" for link in of.agreed_links
    ]
    guarded += [f"{of.pki_mount}/{end}" for end in ("sign/any", "issue/any", "roles/any")]
    for other in view.shared(VAULT, "OtherPolicy"):
        try:
            rules = pki_signers.rules_of(other)
        except ValueError as unread:
            yield judge.unknown(str(other.ref), str(unread))
            continue
        reached = sorted(
            path
            for path, capabilities in rules.items()
            if "deny" not in capabilities and any(pki_signers.grants(path, g) for g in guarded)
        )
        if reached:
            got = f"reaches {', '.join(reached)}"
            yield judge.fails(str(other.ref), got, "nothing of agencies")


def _token_flaws(token: item.Item, longest: int) -> Iterator[str]:
    fields = token.fields
    if fields.get("root"):
        yield "a root token"
    if fields.get("period"):
        yield "a periodic token, which never ends"
    life = fields.get("explicitMaxTtl") or fields.get("creationTtl") or 0
    if not life:
        yield "a token without an end"
    elif max(life, fields.get("ttl") or 0) > longest:
        yield f"lives {max(life, fields.get('ttl') or 0)} s"


def tokens(view: policy.View) -> Iterator[policy.Result]:
    """Tokens of the environment; who asks holds one, so at least one must be seen."""
    found = view.shared(VAULT, "TokenSummary")
    longest = view.thresholds["sec.tokenTtlSeconds"]
    wrong = [(t, flaws) for t in found if (flaws := list(_token_flaws(t, longest)))]
    for token, flaws in wrong:
        name = token.fields.get("displayName") or "token"
        yield judge.problems(f"{token.ref} ({name})", flaws, "ends within a day")
    if found and not wrong:
        yield judge.passes("tokens", f"{len(found)} seen, all end within {longest} s")


def tls(view: policy.View) -> Iterator[policy.Result]:
    address = view.environment.vault.address
    yield judge.that(
        address.startswith("https://"), "vault.address", address, "https, verified with caFile"
    )


def at_rest(view: policy.View) -> Iterator[policy.Result]:
    yield ops.attested(view, "encryption-at-rest")

"""Which difference that drift tells is which mutation's."""

from __future__ import annotations

from collections.abc import Mapping

from onboarding import drift, item, labels, normal_form
from tests.integration import mutations
from tests.integration.mutations import Mutation

WITH: Mapping[str, frozenset[str]] = {
    "Policy": frozenset({"document", "rules"}),
    "Settings": frozenset({"contentHash"}),
    "Client": frozenset({"publicKey", "attributes.jwks·string"}),
    "Issuer": frozenset({"*"}),
    "TlsSecret": frozenset({"*"}),
}
"""Fields that say the same as others: a document and its rules, a hash, a key and its fingerprint.
``*``: a certificate, which is another one as a whole."""

ALONG: Mapping[tuple[str, str], frozenset[str]] = {
    ("Client", "protocol"): frozenset(
        {"attributes.saml·artifact·binding·identifier", "defaultClientScopes"}
    ),
    ("Client", "serviceAccountsEnabled"): frozenset({"defaultClientScopes"}),
    ("Realm", "otpPolicyCodeReusable"): frozenset({"attributes.realmReusableOtpCode"}),
}
"""What the system itself changes along with a field, and drift therefore tells as well."""


def tells(one: drift.Difference, mutation: Mutation) -> bool:
    """Whether the difference is the mutation's: in the whole object, or in its field."""
    if one.ref != mutation.ref:
        return False
    whole = one.what is not drift.What.CHANGED
    return whole or any(related(mutation, leaf.path) for leaf in one.leaves)


def brings(mutation: Mutation, ref: item.Ref) -> bool:
    """Whether the system changes the other object along: a client that acts for itself has an
    account, and what belongs to an organization is shown as off while that is."""
    of, path = mutation.ref, mutation.path
    if of.scope != ref.scope:
        return False
    if of.kind == "Client":
        account = ref.kind == "ServiceAccount" and ref.name == of.name
        return account and path == ("serviceAccountsEnabled",)
    return of.kind == "Organization" and ref.kind == "IdentityProvider" and path == ("enabled",)


def lost_with(gone: item.Ref, of: drift.Difference) -> bool:
    """Whether it is a client which asked for the client scope that is gone."""
    lists = ("defaultClientScopes", "optionalClientScopes")
    asked = of.ref.kind == "Client" and all(x.path.startswith(lists) for x in of.leaves)
    return gone.kind == "ClientScope" and gone.scope == of.ref.scope and asked


def along(mutation: Mutation) -> frozenset[str]:
    return ALONG.get((mutation.ref.kind, str(next(iter(mutation.path), ""))), frozenset())


def apart(one: Mutation, other: Mutation) -> bool:
    """Whether two mutations of one object can be told from each other."""
    if _marks(one) or _marks(other):
        return False
    first, second = _reach(one), _reach(other)
    return first != second[: len(first)] and second != first[: len(second)]


def _marks(mutation: Mutation) -> bool:
    """Without its mark an object is told as taken over, and nothing else of it."""
    return labels.AGENCY in mutation.path or labels.MANAGED_BY in mutation.path


def _reach(mutation: Mutation) -> mutations.Path:
    """What a mutation touches: of a list the whole, since its entries move."""
    path = mutation.path
    return next((path[:n] for n, step in enumerate(path) if isinstance(step, int)), path)


def related(mutation: Mutation, path: str) -> bool:
    """Whether drift names the field itself, what is in it, or what it is in."""
    same = WITH.get(mutation.ref.kind, frozenset())
    if "*" in same:
        return True
    own = normal_form.joined(mutation.path)
    alias = any(path == s or path.startswith(f"{s}.") for s in same)
    return alias or _within(path, own) or _within(own, path)


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")

"""What loosens sign-in or rights, or keeps records less long, is a hazard; the reverse is none."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import item, safety
from onboarding.safety import settings, table
from tests.unit.safety import plans
from tests.unit.safety.plans import thing


def nested(path: str, value: Any) -> dict[str, Any]:
    """A value at a dotted path; a step ``·`` stands for a dot inside a key."""
    first, _, rest = path.partition(".")
    return {first.replace("·", "."): nested(rest, value) if rest else value}


def judged(kind: str, path: str, was: Any, will: Any) -> dict[str, safety.Hazard]:
    before, after = (thing(kind, "x", nested(path, value)) for value in (was, will))
    found = plans.judge([after], [before])
    found.pop("replacement", None)
    return found


LOOSER = [
    ("Realm", "bruteForceProtected", True, False),
    ("Realm", "passwordPolicy", "length(12) and notEmail", "length(8) and notEmail"),
    ("Realm", "passwordPolicy", "length(12) and notEmail", "length(12)"),
    ("Realm", "ssoSessionMaxLifespan", 36000, 72000),
    ("Realm", "sslRequired", "all", "external"),
    ("Realm", "attributes.acr·loa·map", '{"aal2":2}', '{"aal2":1}'),
    ("Client", "publicClient", False, True),
    ("Client", "directAccessGrantsEnabled", False, True),
    ("Client", "redirectUris", ["https://a/cb"], ["https://a/cb", "https://a/*"]),
    ("Client", "attributes.pkce·code·challenge·method", "S256", "plain"),
    ("Client", "attributes.pkce·code·challenge·method", "S256", ""),
    (
        "Client",
        "protocolMappers",
        {"a": {"claim": "x"}},
        {"a": {"claim": "x"}, "b": {"claim": "y"}},
    ),
    ("Client", "protocolMappers", {"a": {"claim": "x"}}, {"a": {"claim": "y"}}),
    ("Client", "attributes.access·token·lifespan", "300", "900"),
    (
        "ServiceAccount",
        "roles",
        {"realm-management": ["view-users"]},
        {"realm-management": ["manage-users", "view-users"]},
    ),
    ("Organization", "domains", [{"name": "a.go.th"}], [{"name": "a.go.th"}, {"name": "b.go.th"}]),
    ("IdentityProvider", "trustEmail", False, True),
    ("IdentityProvider", "config.validateSignature", "true", "false"),
    ("Namespace", "metadata.labels.pod-security·kubernetes·io/enforce", "restricted", "baseline"),
    (
        "Role",
        "rules",
        [{"resources": ["pods"], "verbs": ["get"]}],
        [{"resources": ["pods"], "verbs": ["get", "delete"]}],
    ),
    (
        "Role",
        "rules",
        [{"resources": ["pods"], "verbs": ["get"]}],
        [{"resources": ["*"], "verbs": ["get"]}],
    ),
    (
        "Role",
        "rules",
        [{"resources": ["pods"], "resourceNames": ["a"], "verbs": ["get"]}],
        [{"resources": ["pods"], "resourceNames": ["a", "b"], "verbs": ["get"]}],
    ),
    ("RoleBinding", "subjects", [{"name": "a"}], [{"name": "a"}, {"name": "b"}]),
    ("Deployment", "spec.template.spec.hostNetwork", False, True),
    (
        "Deployment",
        "spec.template.spec.containers",
        [{"securityContext": {"allowPrivilegeEscalation": False}}],
        [{"securityContext": {"allowPrivilegeEscalation": True}}],
    ),
    ("Policy", "rules", {"kv/data/a/+": ["read"]}, {"kv/data/a/+": ["read", "update"]}),
    ("Policy", "rules", {"kv/data/a/+": ["read"]}, {"kv/data/a/+": ["read"], "kv/*": ["read"]}),
    ("KubernetesAuthRole", "bound_service_account_namespaces", ["a"], ["a", "*"]),
    ("PkiRole", "max_ttl", 71280000, 157680000),
    ("PkiRole", "allowed_domains", ["a.go.th"], ["a.go.th", "go.th"]),
    ("PkiRole", "allow_subdomains", False, True),
    ("Issuer", "permittedNames", ["a.go.th"], ["a.go.th", "b.go.th"]),
    ("CrlConfig", "expiry", "72h", "96h"),
    ("Settings", "ai.maxLetterClass", "normal", "secret"),
    ("ConfigMap", "data.scopes", "a b", "a b c"),
]
SHORTER = [
    ("Realm", "eventsExpiration", 15552000, 7776000),
    ("Realm", "eventsEnabled", True, False),
    ("Realm", "attributes.adminEventsExpiration", "15552000", "86400"),
    ("AutoTidy", "safety_buffer", 259200, 3600),
    ("AutoTidy", "tidy_revoked_certs", False, True),
    ("Settings", "retention.years", 10, 5),
    ("Settings", "accessLog.retentionDays", 365, 90),
    ("ConfigMap", "data.log-keep-days", "90", "30"),
    ("ConfigMap", "data.TELEMETRY_RETENTION_DAYS", "365", "30"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "tight", "loose"), LOOSER)
def test_a_looser_setting_is_a_hazard_and_a_tighter_one_is_none(
    kind: str, path: str, tight: Any, loose: Any
) -> None:
    found = judged(kind, path, tight, loose)
    assert set(found) == {"looser-identity"}
    assert found["looser-identity"].flag == "--allow-looser-identity"
    back = judged(kind, path, loose, tight)
    # Where nobody can say which of two values is the looser one, both ways are shown.
    assert set(back) == (set(found) if _is_either_way(kind, path, tight, loose) else set())


def _is_either_way(kind: str, path: str, tight: Any, loose: Any) -> bool:
    rows = table.rows("settings")[kind]["looser"]
    return rows.get(path) == "changed" or (path == "protocolMappers" and len(tight) == len(loose))


@pytest.mark.parametrize(("kind", "path", "long", "short"), SHORTER)
def test_a_shorter_retention_is_a_hazard_and_a_longer_one_is_none(
    kind: str, path: str, long: Any, short: Any
) -> None:
    found = judged(kind, path, long, short)
    assert set(found) == {"shorter-retention"}
    assert found["shorter-retention"].flag == "--allow-shorter-retention"
    assert judged(kind, path, short, long) == {}


def test_a_detail_names_the_object_the_field_and_both_values() -> None:
    (detail,) = judged("Realm", "ssoSessionMaxLifespan", 1, 2)["looser-identity"].details
    assert detail == "Realm ga-moph-prod/x: ssoSessionMaxLifespan: 1 -> 2"
    (detail,) = judged("Role", "rules", [], [{"resources": ["pods/log"], "verbs": ["get"]}])[
        "looser-identity"
    ].details
    assert detail == "Role ga-moph-prod/x: rules: may get pods/log"


def test_a_right_that_a_wider_one_covers_is_not_new() -> None:
    wide = [{"apiGroups": ["*"], "resources": ["pods"], "verbs": ["*"]}]
    narrow = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    assert judged("Role", "rules", wide, narrow) == {}


def test_rights_given_in_a_place_that_was_there_are_a_hazard() -> None:
    place = thing("Namespace", "ga-moph-prod", scope="")
    new = thing("RoleBinding", "more", {"subjects": [{"name": "gdcc:moph:operator"}]})
    found = plans.judge([place, new], [place])
    assert found["looser-identity"].details == (
        "RoleBinding ga-moph-prod/more: gives rights that were not there",
    )
    elsewhere = thing("ConfigMap", "a", scope="ga-moph-uat")
    assert plans.judge([elsewhere, place, new], [elsewhere]) == {}


def test_an_agency_that_begins_is_reviewed_as_a_whole() -> None:
    before = thing("Realm", "x", {"bruteForceProtected": True, "eventsEnabled": True})
    after = thing("Realm", "x", {"bruteForceProtected": False, "eventsEnabled": False})
    assert plans.judge([after], [before], established=False) == {}
    assert set(plans.judge([after], [before])) == {"looser-identity", "shorter-retention"}


def test_mending_what_hands_tightened_loosens_nothing() -> None:
    agreed = thing("Client", "x", {"redirectUris": ["a", "b"]})
    live = thing("Client", "x", {"redirectUris": ["a"]})
    assert plans.judge([agreed], [live], applied=[agreed]) == {}


def test_asking_for_what_hands_loosened_is_a_hazard() -> None:
    agreed = thing("Client", "x", {"redirectUris": ["a"], "webOrigins": []})
    live = thing("Client", "x", {"redirectUris": ["a", "b"], "webOrigins": ["c"]})
    wanted = thing("Client", "x", {"redirectUris": ["a", "b"], "webOrigins": []})
    found = plans.judge([wanted], [live], applied=[agreed])
    assert found["looser-identity"].details == ("Client ga-moph-prod/x: redirectUris: b is added",)


def test_a_field_that_was_not_ours_before_is_compared_with_what_is_live() -> None:
    agreed = thing("Realm", "x", {"enabled": True})
    live = thing("Realm", "x", {"enabled": True, "rememberMe": False})
    looser = thing("Realm", "x", {"enabled": True, "rememberMe": True})
    assert "looser-identity" in plans.judge([looser], [live], applied=[agreed])
    live = thing("Realm", "x", {"enabled": True, "rememberMe": True})
    tighter = thing("Realm", "x", {"enabled": True, "rememberMe": False})
    assert plans.judge([tighter], [live], applied=[agreed]) == {}


def test_what_is_known_only_after_the_run_is_not_guessed_at() -> None:
    assert judged("Issuer", "permittedNames", ["a"], item.KNOWN_AFTER_APPLY) == {}


def test_every_row_names_its_source_and_a_comparison_that_exists() -> None:
    for kind, row in table.rows("settings").items():
        assert row["source"], kind
        for worse in (*row.get("looser", {}).values(), *row.get("shorter", {}).values()):
            list(settings.is_worse(worse, [], []))
    for kind, row in table.rows("replaced").items():
        assert row["source"], kind


def test_what_the_record_lost_is_compared_with_what_is_live() -> None:
    live, other = thing("Client", "x", {"redirectUris": ["a"]}), thing("Client", "y", {})
    wanted = thing("Client", "x", {"redirectUris": ["a", "b"]})
    found = plans.judge([wanted, other], [live, other], applied=[other])
    assert set(found) == {"looser-identity"}

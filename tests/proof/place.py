"""Two agencies of one realm: the e-Office of the first runs and lets its staff in.

What Vault and Keycloak hold of them is made by the engines of the tool under its own roles; the
product is a process that is told what its pod would be told.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from onboarding import bootstrap, environment, plan, progress, tenant
from onboarding.desired import sso as wanted_sso
from onboarding.desired import vault as wanted_vault
from onboarding.engines import sso, vault_pki
from onboarding.identity import keycloak
from onboarding.lab import home as homes
from onboarding.lab import person
from onboarding.product_api.mayan import api
from tests.contract import agencies, product_place
from tests.contract.servers import mayan, tls
from tests.contract.test_product_mayan import Office
from tests.integration import oidc_login, settings_place
from tests.proof import pages
from tests.running import LAB, onboard


@dataclass(frozen=True)
class Home(mayan.Home):
    told: dict[str, str]
    """Variables beside those that every instance has."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.told}


@dataclass(frozen=True, slots=True)
class Place:
    target: environment.Environment
    of: tenant.Tenant
    others: tenant.Tenant
    server: mayan.Server

    @property
    def host(self) -> str:
        return self.of.e_offices[0].host

    @property
    def identity(self) -> tuple[str, int]:
        """Host and port where people sign in."""
        at = urlsplit(self.target.keycloak.address)
        return str(at.hostname), at.port or 443

    def administrator(self) -> api.Api:
        return api.Api(self.server.place, self.server.writer)

    def staff(self, role: str = "central") -> oidc_login.Person:
        """Of the agency, with an account where people sign in and one in the e-Office."""
        made = person.make(homes.locate(LAB), self.target, self.of, role)
        password = made.password_file.read_text(encoding="utf-8").strip()
        return oidc_login.Person(made.username, password)

    def made_signatory(self, who: oidc_login.Person) -> None:
        """From now on they sign letters, too; what they sign in with stays as it is."""
        realm, group = self.of.realm, f"/group-by-path/{self.of.id}/{self.of.id}:signers"
        with contextlib.closing(keycloak.connect(self.target, environment.Role.BOOTSTRAP)) as admin:
            (user,) = admin.get(realm, "/users", username=who.username, exact="true")
            joined = admin.get(realm, group)["id"]
            admin.put(realm, f"/users/{user['id']}/groups/{joined}", {})

    def account(self, address: str, of: tenant.Tenant, *, verified: bool) -> oidc_login.Person:
        """Somebody in the realm with that address, in the role of the central Saraban of ``of``."""
        name, password = f"person-{secrets.token_hex(4)}", secrets.token_urlsafe(18)
        account = {
            "username": name,
            "enabled": True,
            "email": address,
            "emailVerified": verified,
            "firstName": "สมหญิง",
            "lastName": "ใจดี",
            "groups": [f"/{of.id}/{of.id}:central"],
            "credentials": [{"type": "password", "value": password, "temporary": False}],
        }
        with contextlib.closing(keycloak.connect(self.target, environment.Role.BOOTSTRAP)) as admin:
            admin.post(of.realm, "/users", account)
        return oidc_login.Person(name, password)


@contextlib.contextmanager
def opened(lab: environment.Environment, folder: Path) -> Iterator[Place]:
    """The product runs until the end; agencies stay in the lab's Vault and Keycloak."""
    home = mayan.made(folder)
    try:
        port = tls.free_port()
        target = _prepared(lab, home, port)
        of, others = _agency(target), _agency(target)
        for one in (of, others):
            _apply(one, target)
        mayan.write_accounts(home, product_place.accounts(of, target))
        told = _told(of, target, home)
        server = Home(home.version, home.database, home.folder, told).serve(port)
        try:
            Office(server, of).write()
            yield Place(target, of, others, server)
        finally:
            server.end()
    finally:
        home.database.stop()
        # The rights that an environment without a product has.
        assert onboard("bootstrap", "--yes").code == 0


def _prepared(lab: environment.Environment, home: mayan.Home, port: int) -> environment.Environment:
    """The lab's environment with an e-Office product, after bootstrap."""
    about = environment.EOffice.model_validate(
        {"product": "mayan-edms", "address": f"https://127.0.0.1:{port}", "caFile": home.ca}
    )
    timeouts = environment.Timeouts.model_validate({"request": "4m", "retry": "1m"})
    file = home.folder / "gdcc.yaml"
    environment.save(file, lab.model_copy(update={"e_office": about, "timeouts": timeouts}))
    return bootstrap.run(file, progress.Silent()).target


def _agency(target: environment.Environment) -> tenant.Tenant:
    """One e-Office, and the ministry that the letter of the test is from."""
    name = settings_place.name()

    def of_its_own(content: dict[str, Any]) -> None:
        content["agency"].update(domains=[f"{name}.go.th"], nameTh="กระทรวงสาธารณสุข")

    signer = agencies.signer(nameTh="สมชาย ใจดี", positionTh="ปลัดกระทรวงสาธารณสุข")
    made = agencies.example("mot", agencies.renamed(name), signer, of_its_own)
    return tenant.resolve(made.manifest, target)


def _apply(of: tenant.Tenant, target: environment.Environment) -> None:
    """Vault first: Keycloak's client has a secret that is kept there."""
    for engine, wanted in (
        (vault_pki.VaultPki(target, environment.Role.APPLIER), wanted_vault.desired(of, target)),
        (sso.Sso(target, environment.Role.APPLIER), wanted_sso.desired(of, target)),
    ):
        changes = plan.diff(of.id, wanted, engine.observe([of]).of(of.id), target={}).changes
        for outcome in engine.apply(of, changes, progress.Silent()):
            assert outcome.error is None, outcome.error


def _told(of: tenant.Tenant, target: environment.Environment, home: mayan.Home) -> dict[str, str]:
    instance = of.e_offices[0]
    path = f"{of.kv_mount}/data/{wanted_sso.client_secret_path(of, instance)}"
    kept = json.dumps(product_place.read(of, target, path))
    trusted = str(target.keycloak.ca_file)
    return {
        "PUBLIC_URL": f"https://{instance.host}",
        "OIDC_ISSUER": f"{target.keycloak.address.rstrip('/')}/realms/{of.realm}",
        "OIDC_CLIENT_ID": instance.namespace,
        "OIDC_GROUP_PREFIX": f"{of.id}:",
        "OIDC_CLIENT_SECRET_FILE": str(tls.private(home.folder / wanted_sso.OIDC_SECRET, kept)),
        "REQUESTS_CA_BUNDLE": trusted,
        "SSL_CERT_FILE": trusted,
        "MAYAN_ALLOWED_HOSTS": json.dumps([instance.host, "127.0.0.1"]),
        "MAYAN_CSRF_TRUSTED_ORIGINS": json.dumps([f"https://{instance.host}"]),
        "MAYAN_CSRF_COOKIE_SECURE": "true",
        "MAYAN_SESSION_COOKIE_SECURE": "true",
        "MAYAN_STATIC_ROOT": str(pages.static()),
    }

"""The e-Office of an agency on the lab's real node, as those use it who are not the tool."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import requests

from onboarding import environment, errors, https, manifest, product_api, tenant, vault
from onboarding.desired import office, vault_policies
from onboarding.lab import component
from onboarding.product_api.mayan import api
from tests.contract import signed_pdf
from tests.integration.real.conftest import Cluster, command, must
from tests.running import Done, onboard

SLOW = 3600


@dataclass(frozen=True, slots=True)
class Office:
    """An e-Office of one agency, by its manifest: the only one, or that of a shard."""

    lab: component.Lab
    file: Path
    shard: str = ""
    named: str = ""
    """Another environment file than the lab's own."""

    @property
    def target(self) -> environment.Environment:
        return environment.load(self.lab.home.environment_file)

    @property
    def of(self) -> tenant.Tenant:
        return tenant.resolve(manifest.load(self.file), self.target)

    @property
    def instance(self) -> tenant.Instance:
        (one,) = (i for i in office.instances(self.of) if i.shard == self.shard)
        return one

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.lab, self.instance.namespace)

    @property
    def place(self) -> product_api.Place:
        about = self.target.e_office
        assert about is not None
        return product_api.place(about, self.target, self.instance)

    def onboard(self, verb: str, *words: str) -> Done:
        return onboard(*self.words(verb, *words), timeout=SLOW)

    def words(self, verb: str, *words: str) -> tuple[str, ...]:
        named = self.named or self.lab.home.name
        return verb, str(self.file), "--environment", named, *words

    def page(self, path: str) -> requests.Response:
        """What anybody gets at the agency's address, as its certificate and the gateway say."""
        place = self.place
        tls = https.trusting(place.ca_file)
        with https.session(tls, connections=1, at=place.gateway) as session:
            url = f"{place.address}{path}"
            return session.get(url, timeout=(10, 300), allow_redirects=False)

    def administrator(self) -> api.Api:
        """Signed in with every right; its password comes from Vault, as Ansible gets it."""
        path = office.secret(self.of, self.instance, office.WRITER)
        own = vault_policies.workload_name(self.of, self.instance)
        with vault.connect(self.target, environment.Role.APPLIER) as door:
            token = door.tenant_token([own])
            with vault.connect_with(self.target, token, "by hand") as holder:
                return api.Api(self.place, product_api.account(holder.read(path), path))

    def another_password(self, name: str) -> None:
        """Written to Vault by a person with the right; none of the tool's roles has it."""
        path = office.secret(self.of, self.instance, name)
        policy = f"ga-{self.of.id}-by-hand"
        rules = f'path "{path}" {{ capabilities = ["create", "update", "read"] }}'
        with vault.connect(self.target, environment.Role.APPLIER) as door:
            door.write(f"sys/policies/acl/{policy}", {"policy": rules})
            token = door.tenant_token([policy])
            try:
                with vault.connect_with(self.target, token, "by hand") as person:
                    kept = (person.read(path) or {})["data"]
                    new = {**kept, "password": secrets.token_urlsafe(32)}
                    person.write(path, {"data": new})
            finally:
                door.remove(f"sys/policies/acl/{policy}")


def ready(lab: component.Lab) -> None:
    """The node holds the images, and the environment file names an e-Office."""
    must(command("image", "load", timeout=SLOW))
    must(command("up", timeout=SLOW))


def file_letter(door: api.Api, label: str, content: bytes) -> int:
    """A letter of the first organisation, filed with a PDF; its number in the product."""
    kinds = [kind for kind in door.every("/document_types/") if "[" in kind["label"]]
    made = door.make("/documents/", {"document_type_id": kinds[0]["id"], "label": label})
    door.upload(
        f"/documents/{made['id']}/files/", "letter.pdf", content, {"action_name": "replace"}
    )
    return int(made["id"])


def remove_letter(door: api.Api, letter: int) -> None:
    """Into the bin, and out of it for ever."""
    door.remove(f"/documents/{letter}/")
    door.remove(f"/trashed_documents/{letter}/")


def content_of(door: api.Api, letter: int) -> bytes:
    (file,) = door.every(f"/documents/{letter}/files/")
    return door.content(f"/documents/{letter}/files/{file['id']}/download/")


def pdf() -> bytes:
    return signed_pdf.letter("letter of a test")


def holds(office: Office, letter: int, content: bytes) -> bool:
    """Whether it answers, and gives the letter out as it was filed."""
    try:
        with office.administrator() as door:
            return content_of(door, letter) == content
    except errors.OnboardError:
        return False

"""Brings Mayan EDMS to what is wished, thing by thing; what is right already is left alone.

Called inside the role of Ansible. It works by names: what a run made before it was killed is found
again and completed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from onboarding import errors, product_api
from onboarding.product_api.mayan import ids, keeping, reading, workflow
from onboarding.product_api.mayan.api import Api
from onboarding.products import contract
from onboarding.products.mayan import wanted


class Writer:
    """Writes for one agency; ``known`` grows with what it makes."""

    def __init__(self, api: Api, agency: str) -> None:
        self.api = api
        self.agency = agency
        self.known = reading.known(api, agency)

    def write(self, wishes: Sequence[product_api.Wish], each: Callable[[int, bool], None]) -> None:
        """Raises ``errors.OnboardError``; what was told to ``each`` before it stands.

        What ``keeping`` refuses is safe where it is; the rest of a run goes first where it can.
        """
        keeping.before(self.api, self.known, self.agency, wishes)
        make = {
            contract.Kind.FIELD: self._field,
            contract.Kind.ROLE: self._role,
            contract.Kind.ORGANISATION: self._organisation,
            contract.Kind.REGISTER: self._register,
            contract.Kind.WORKFLOW: self._workflow,
        }
        for index, wish in enumerate(wishes):
            before = self.api.writes
            if wish.fields is None:
                self._remove(wish)
            else:
                make[contract.Kind(wish.kind)](wish.name, wish.fields)
            each(index, self.api.writes > before)

    def _field(self, name: str, fields: Mapping[str, Any]) -> None:
        body = {
            "label": fields["label"],
            "lookup": ",".join(fields["values"]),
            "default": fields["default"],
        }
        have = self.known.fields.get(name)
        if have is None:
            have = self.known.fields[name] = self.api.make(
                "/metadata_types/", {"name": name, **body}
            )
        elif any(fields[key] != value for key, value in reading.letter_field(have).items()):
            self.api.change(f"/metadata_types/{have['id']}/", body)
        self.rights(ids.FIELD, int(have["id"]), fields["rights"])

    def _role(self, name: str, fields: Mapping[str, Any]) -> None:
        role = self.known.roles.get(name)
        if role is None:
            role = self.known.roles[name] = self.api.make("/roles/", {"label": name})
        have = reading.role_groups(self.api, role)
        path = f"/roles/{role['id']}"
        for group in fields["groups"]:
            if group not in have:
                self.api.make(f"{path}/groups/add/", {"group": self._group(group)})
        for group, one in have.items():
            if group not in fields["groups"]:
                self.api.make(f"{path}/groups/remove/", {"group": one["id"]})
        for right in reading.role_rights(self.api, role):
            if right not in fields["rights"]:
                self.api.make(f"{path}/permissions/remove/", {"permission": right})
        for other in self.known.elsewhere.get(name, {}).values():
            # The role stays: it is not known whose it is, and what else rests on it.
            group = self.known.groups[name]["id"]
            self.api.make(f"/roles/{other['id']}/groups/remove/", {"group": group})
        if name == wanted.everybody(self.agency):
            self._take_back()

    def _take_back(self) -> None:
        """What roles of others may do with all letters; the roles stay, with all else they have."""
        for role, too_many in reading.beyond(self.api, self.known):
            for right in too_many:
                self.api.make(f"/roles/{role['id']}/permissions/remove/", {"permission": right})

    def _group(self, name: str) -> int:
        have = self.known.groups.get(name)
        if have is None:
            have = self.known.groups[name] = self.api.make("/groups/", {"name": name})
        return int(have["id"])

    def _organisation(self, name: str, fields: Mapping[str, Any]) -> None:
        body = {
            "label": fields["label"],
            **_span("trash", fields["binnedAfter"]),
            **_span("delete", fields["deletedAfter"]),
        }
        have = self.known.organisations.get(name)
        if have is None:
            have = self.known.organisations[name] = self.api.make("/document_types/", body)
        elif any(have[key] != value for key, value in body.items()):
            self.api.change(f"/document_types/{have['id']}/", body)
        number = int(have["id"])
        self._type_fields(number, fields["fields"])
        self.rights(ids.TYPE, number, fields["rights"])
        for entry in reading.models(self.api, number):
            if entry["enabled"] != fields["readByAi"]:
                path = f"/document_types/{number}/file_metadata/drivers/{entry['id']}/"
                self.api.change(path, {"enabled": fields["readByAi"]})

    def _type_fields(self, number: int, fields: Mapping[str, bool]) -> None:
        path = f"/document_types/{number}/metadata_types/"
        have = reading.type_fields(self.api, number)
        for name, required in fields.items():
            entry = have.get(name)
            if entry is None:
                known = self.known.fields[name]["id"]
                self.api.make(path, {"metadata_type_id": known, "required": required})
            elif entry["required"] != required:
                self.api.change(f"{path}{entry['id']}/", {"required": required})
        # A field that a hand added stays: letters may have values in it that nobody could bring
        # back.

    def rights(self, model: str, number: int, wished: Mapping[str, Sequence[str]]) -> None:
        """Exactly these rights on one thing."""
        base = f"/objects/{model}/{number}/acls/"
        have = reading.acls(self.api, model, number)
        for role, permissions in wished.items():
            if role in have:
                acl, granted = have[role]
            else:
                made = self.api.make(base, {"role_id": self.known.roles[role]["id"]})
                acl, granted = made["id"], []
            for permission in permissions:
                if permission not in granted:
                    self.api.make(f"{base}{acl}/permissions/add/", {"permission": permission})
            for permission in granted:
                if permission not in permissions:
                    self.api.make(f"{base}{acl}/permissions/remove/", {"permission": permission})
        for role, (acl, _) in have.items():
            if role not in wished:
                self.api.remove(f"{base}{acl}/")

    def _register(self, name: str, fields: Mapping[str, Any]) -> None:
        have = self.known.registers.get(name)
        counting = {"value_first": fields["firstNumber"], **ids.ONE_BY_ONE}
        body = {
            "label": fields["label"],
            "backend_path": ids.COUNTER,
            "backend_data": workflow.text_of(counting),
        }
        if have is None:
            internal = ids.internal(self.agency, name)
            made = self.api.make("/sequences/", {"internal_name": internal, **body})
            self.known.registers[name] = made
        elif reading.register(have) != fields:
            self.api.change(f"/sequences/{have['id']}/", body)

    def _workflow(self, name: str, fields: Mapping[str, Any]) -> None:
        kept = workflow.write(self.api, self.known, self.agency, name, fields)
        self.rights(ids.WORKFLOW, int(self.known.workflows[name]["id"]), fields["rights"])
        workflow.alone(self.api, self.known, name)
        workflow.only(self.api, self.known, name, fields)
        keeping.beside(kept)

    def _remove(self, wish: product_api.Wish) -> None:
        kind = contract.Kind(wish.kind)
        places = {
            contract.Kind.FIELD: (self.known.fields, "/metadata_types"),
            contract.Kind.ROLE: (self.known.roles, "/roles"),
            contract.Kind.ORGANISATION: (self.known.organisations, "/document_types"),
            contract.Kind.REGISTER: (self.known.registers, "/sequences"),
            contract.Kind.WORKFLOW: (self.known.workflows, "/workflow_templates"),
        }
        known, path = places[kind]
        have = known.get(wish.name)
        if have is None:
            return
        if kind is contract.Kind.ORGANISATION:
            self._close(wish.name, int(have["id"]))
        elif kind is contract.Kind.REGISTER:
            keeping.register(self.api, self.known, wish.name)
        elif kind is contract.Kind.WORKFLOW:
            keeping.workflow(self.api, have, wish.name)
        self.api.remove(f"{path}/{have['id']}/")
        del known[wish.name]
        group = self.known.groups.pop(wish.name, None) if kind is contract.Kind.ROLE else None
        if group is not None:
            self.api.remove(f"/groups/{group['id']}/")

    def _close(self, name: str, number: int) -> None:
        """Nobody files in it any more, and only then is it looked at for the last time."""
        keeping.organisation(self.api, name, number)
        before = reading.acls(self.api, ids.TYPE, number)
        self.rights(ids.TYPE, number, {})
        try:
            keeping.organisation(self.api, name, number)
        except errors.OnboardError:
            granted = {role: r for role, (_, r) in before.items() if role in self.known.roles}
            self.rights(ids.TYPE, number, granted)
            raise


def _span(what: str, wished: str) -> dict[str, Any]:
    period, _, unit = wished.partition(" ")
    return {
        f"{what}_time_period": int(period) if period else None,
        f"{what}_time_unit": unit or None,
    }

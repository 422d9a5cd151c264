"""The one door to the Kubernetes API: plain HTTPS requests, no SDK.

Reading is a LIST per kind; writing is server-side apply under one field manager. Objects go in
and come out as the JSON that the API speaks.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from onboarding import environment, errors, labels, patience
from onboarding.kube import kinds, login, transport

_PAGE = 500
_LISTINGS = 3
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"

Object = dict[str, Any]
Objects = list[Object]

_Asked = TypeVar("_Asked")
_Got = TypeVar("_Got")


@dataclass(frozen=True, slots=True)
class Token:
    """A bound service account token and when it ends."""

    value: str = field(repr=False)
    expires: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """May members of ``groups`` do ``verb`` on the resource? Cluster-wide with no namespace."""

    groups: tuple[str, ...]
    verb: str
    api_group: str
    resource: str
    namespace: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of object that the API server offers, by discovery."""

    api_group: str
    resource: str
    namespaced: bool
    verbs: tuple[str, ...]


def connect(target: environment.Environment, role: environment.Role) -> Cluster:
    """Sign in to the environment's cluster as one of the tool's roles; sends nothing yet."""
    path = target.login(role).kubeconfig
    context = target.cluster.context if role is environment.Role.BOOTSTRAP else ""
    limits = target.timeouts.limits()
    return connect_with(path, context, who=f"the role {role.value!r}", limits=limits)


def connect_with(
    path: Path,
    context: str = "",
    *,
    who: str = "this kubeconfig",
    limits: patience.Limits = patience.USUAL,
) -> Cluster:
    """Sign in with a kubeconfig file; ``who`` names the identity in error messages."""
    return Cluster(transport.Transport(login.read(path, context), who, limits))


class Cluster:
    """A signed-in connection to one cluster; safe to use from several threads."""

    def __init__(self, carrier: transport.Transport) -> None:
        self._carrier = carrier

    @property
    def requests_made(self) -> int:
        return self._carrier.requests_made

    @property
    def server(self) -> str:
        return self._carrier.server

    def close(self) -> None:
        self._carrier.close()

    # What there is

    def version(self) -> str:
        """Version of the API server, e.g. ``v1.36.3``."""
        return str(self._carrier.call("GET", "/version").get("gitVersion", ""))

    def kube_system_uid(self) -> str:
        """UID of the namespace kube-system: the identity of the cluster, as long as it lives."""
        found = self.get("Namespace", "kube-system")
        if found is None:
            raise errors.EngineFailed("the cluster has no namespace kube-system")
        return str(found["metadata"]["uid"])

    def list(self, kind: str, *, namespace: str = "", selector: str = "") -> Objects:
        """All objects of a kind, page by page; in all namespaces unless one is given."""
        path = kinds.kind(kind).path(namespace)
        query = {"limit": str(_PAGE), **({"labelSelector": selector} if selector else {})}
        for _ in range(_LISTINGS):
            try:
                return self._pages(path, query)
            except transport.Expired:
                # The pages belong to one moment, which the API server has since forgotten.
                continue
        raise errors.Unreachable(
            f"{kind}: the API server forgets a list before it is read to its end",
            resolution="Look at the API server's health, then run the same command again.",
        )

    def _pages(self, path: str, query: Mapping[str, str]) -> Objects:
        found: Objects = []
        more = ""
        while True:
            asked = {**query, **({"continue": more} if more else {})}
            page = self._carrier.call("GET", path, query=asked)
            if "items" not in page:
                raise errors.Unreachable(f"the API server's answer to {path} is no list")
            found += page["items"] or ()
            more = str((page.get("metadata") or {}).get("continue") or "")
            if not more:
                return found

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """One object; None where it does not exist."""
        try:
            return self._carrier.call("GET", kinds.kind(kind).path(namespace, name))
        except transport.Absent:
            return None

    def get_all(self, wanted: Sequence[tuple[str, str, str]]) -> builtins.list[Object | None]:
        """Objects by ``(kind, namespace, name)``, in the order asked; None for the absent."""

        def ask(one: tuple[str, str, str]) -> Object | None:
            kind, namespace, name = one
            return self.get(kind, name, namespace)

        return self._side_by_side(ask, wanted)

    def list_kinds(self, names: Sequence[str], *, selector: str = "") -> dict[str, Objects]:
        """All objects of several kinds, by kind."""
        pages = self._side_by_side(lambda kind: self.list(kind, selector=selector), names)
        return dict(zip(names, pages, strict=True))

    def list_in(self, kind: str, namespaces: Sequence[str]) -> Objects:
        """All objects of a kind in some namespaces, one request for each of them."""
        pages = self._side_by_side(lambda name: self.list(kind, namespace=name), namespaces)
        return [found for page in pages for found in page]

    def resource_types(self) -> tuple[ResourceType, ...]:
        """Every type of resource that the API server offers, subresources left out."""
        found: set[ResourceType] = set()
        for root in ("/api", "/apis"):
            groups = self._carrier.call("GET", root, accept=_DISCOVERY).get("items") or ()
            for group in groups:
                name = str((group.get("metadata") or {}).get("name") or "")
                for version in group.get("versions") or ():
                    found.update(
                        ResourceType(
                            name,
                            str(r["resource"]),
                            r.get("scope") == "Namespaced",
                            tuple(sorted(r.get("verbs") or ())),
                        )
                        for r in version.get("resources") or ()
                    )
        return tuple(sorted(found, key=lambda t: (t.api_group, t.resource)))

    # What may be done

    def access_reviews(self, questions: Sequence[Question]) -> tuple[bool, ...]:
        """Whether each question is answered with yes, in the order asked."""
        path = kinds.kind("SubjectAccessReview").path()

        def ask(question: Question) -> bool:
            answer = self._carrier.call("POST", path, body=_review(question), repeatable=True)
            return bool((answer.get("status") or {}).get("allowed"))

        return tuple(self._side_by_side(ask, questions))

    # Writing

    def apply(self, kind: str, body: Mapping[str, Any], *, force: bool = False) -> Object:
        """Server-side apply of one object; ``force`` takes fields over from other managers.

        Whether the object is ours has to be settled before: a forced apply asks nobody.
        """
        spelt = kinds.kind(kind)
        metadata = body["metadata"]
        return self._carrier.call(
            "PATCH",
            spelt.path(metadata.get("namespace", ""), metadata["name"]),
            query={"fieldManager": labels.FIELD_MANAGER, "force": str(force).lower()},
            body={**body, "apiVersion": spelt.api_version, "kind": spelt.name},
            content_type="application/apply-patch+yaml",
            repeatable=True,
        )

    def json_patch(
        self, kind: str, name: str, namespace: str, steps: Sequence[Mapping[str, Any]]
    ) -> Object:
        """A JSON patch (RFC 6902) of one object."""
        return self._carrier.call(
            "PATCH",
            kinds.kind(kind).path(namespace, name),
            query={"fieldManager": labels.FIELD_MANAGER},
            body=[dict(step) for step in steps],
            content_type="application/json-patch+json",
        )

    def delete(self, kind: str, name: str, namespace: str = "") -> bool:
        """Delete one object; what depends on it follows. False where it was not there."""
        try:
            self._carrier.call(
                "DELETE",
                kinds.kind(kind).path(namespace, name),
                body={"propagationPolicy": "Background"},
                repeatable=True,
            )
        except transport.Absent:
            return False
        return True

    def token(
        self, namespace: str, service_account: str, *, seconds: int, audience: str = ""
    ) -> Token:
        """A token of a service account; the API server may cut its life short."""
        spec: dict[str, Any] = {"expirationSeconds": seconds}
        if audience:
            spec["audiences"] = [audience]
        answer = self._carrier.call(
            "POST",
            kinds.kind("ServiceAccount").path(namespace, service_account) + "/token",
            body={"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec},
        )
        status = answer["status"]
        return Token(str(status["token"]), datetime.fromisoformat(status["expirationTimestamp"]))

    def _side_by_side(
        self, ask: Callable[[_Asked], _Got], of: Sequence[_Asked]
    ) -> builtins.list[_Got]:
        if len(of) < 2:
            return [ask(one) for one in of]
        with futures.ThreadPoolExecutor(max_workers=transport.CONNECTIONS) as pool:
            return builtins.list(pool.map(ask, of))


def _review(question: Question) -> Object:
    attributes = {
        "verb": question.verb,
        "group": question.api_group,
        "resource": question.resource,
    }
    if question.namespace:
        attributes["namespace"] = question.namespace
    if question.subresource:
        attributes["subresource"] = question.subresource
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": "onboard:access-review",
            # Whoever signs in is also in this group, and may have rights through it.
            "groups": [*question.groups, "system:authenticated"],
            "resourceAttributes": attributes,
        },
    }

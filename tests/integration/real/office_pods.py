"""Manifests, written by hand, of an e-Office: database, product, and the agent with its secrets."""

from __future__ import annotations

import json
from typing import Any

from onboarding import labels
from onboarding.lab import images
from onboarding.lab.real import place

HOST = "office.test"
HEALTH = "/api/v4/project/"
SECRETS = {"name": "secrets", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}
_SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
_MEMORY = {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}
_SCRATCH = {"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}}
_GIVEN = {"name": "given", "secret": {"secretName": "given"}}
_DATABASE = {
    "PGDATA": "/data/database",
    "POSTGRES_DB": "eoffice",
    "POSTGRES_USER": "eoffice",
    "POSTGRES_PASSWORD_FILE": "/secrets/password",
}


def reference(name: str) -> str:
    (made,) = images.status((name,))
    return made.reference


def container(name: str, image: str, mounts: dict[str, str], **more: Any) -> dict[str, Any]:
    """``mounts``: path by volume; ``more``: ``env`` as a mapping, the rest as Kubernetes has it."""
    env = more.pop("env", {})
    return {
        "name": name,
        "image": reference(image),
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "volumeMounts": [{"name": volume, "mountPath": path} for volume, path in mounts.items()],
        "securityContext": _SECURITY,
        "resources": {
            "requests": {"cpu": "10m", "memory": "64Mi"},
            "limits": {"cpu": "2", "memory": "1Gi"},
        },
        **more,
    }


def pod(name: str, *containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """As Pod Security "restricted" has it, on the real node."""
    toleration = {"key": labels.POOL, "operator": "Equal", "value": place.POOL}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "nodeSelector": {labels.POOL: place.POOL},
            "tolerations": [{**toleration, "effect": "NoSchedule"}],
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 60,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "runAsGroup": 1000,
                "fsGroup": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": list(containers),
            **spec,
        },
    }


def claim(name: str) -> dict[str, Any]:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "gdcc-node",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    meta = {"name": name}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}


def given(password: str, key: str, writer: dict[str, str], reader: dict[str, str]) -> Any:
    """What Vault holds of a real instance, as a Secret; one file for each key."""
    texts = {
        "password": password,
        "pgpass": f"*:*:*:*:{password}\n",
        "secret-key": key,
        "e-office-writer": json.dumps(writer),
        "e-office-reader": json.dumps(reader),
    }
    meta = {"name": "given"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": texts}


def _copying(*files: str) -> dict[str, Any]:
    """The agent's part: files that only their owner reads, in memory."""
    listed = " ".join(f"/given/{file}" for file in files)
    return container(
        "secrets",
        "postgresql",
        {"given": "/given", "secrets": "/secrets"},
        command=["/bin/sh", "-c", f"umask 077 && cp -L {listed} /secrets/ && ls -l /secrets"],
    )


def database() -> dict[str, Any]:
    ready = ["pg_isready", "-h", "127.0.0.1", "-d", "eoffice", "-U", "eoffice"]
    mounts = {"data": "/data", "tmp": "/tmp", "shm": "/dev/shm", "secrets": "/secrets"}
    serve = container(
        "database",
        "postgresql",
        mounts,
        env=_DATABASE,
        readinessProbe={"exec": {"command": ready}, "periodSeconds": 5, "timeoutSeconds": 10},
    )
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    return pod(
        "database",
        serve,
        initContainers=[_copying("password")],
        volumes=[volume, _GIVEN, SECRETS, _SCRATCH, _MEMORY],
    )


def product(database_address: str, accounts: tuple[str, ...]) -> dict[str, Any]:
    """The product against the database at an address (no names are needed for it)."""
    default = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "eoffice",
        "USER": "eoffice",
        "HOST": database_address,
        "PORT": 5432,
    }
    env = {
        "MAYAN_DATABASES": json.dumps({"default": default}),
        "PGPASSFILE": "/secrets/pgpass",
        "MAYAN_SECRET_KEY_FILE": "/secrets/secret-key",
        "MAYAN_ALLOWED_HOSTS": json.dumps([HOST]),
    }
    mounts = {
        "documents": "/var/lib/mayan",
        "tmp": "/tmp",
        "shm": "/dev/shm",
        "secrets": "/secrets",
    }
    asked = {"path": HEALTH, "port": 8000, "httpHeaders": [{"name": "Host", "value": HOST}]}
    probe = {"httpGet": asked, "periodSeconds": 10, "timeoutSeconds": 60, "failureThreshold": 180}

    def one(name: str, *command: str, **more: Any) -> dict[str, Any]:
        words = {"command": list(command)} if command else {}
        return container(name, "mayan-edms", mounts, env=env, **words, **more)

    volume = {"name": "documents", "persistentVolumeClaim": {"claimName": "documents"}}
    files = _copying("pgpass", "secret-key", "e-office-writer", "e-office-reader")
    return pod(
        "office",
        one("product", readinessProbe=probe),
        initContainers=[files, one("settle", "/opt/mayan/bin/settle"), one("accounts", *accounts)],
        volumes=[volume, _GIVEN, SECRETS, _SCRATCH, _MEMORY],
    )

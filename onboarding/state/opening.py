"""Which state store an environment has."""

from __future__ import annotations

from urllib import parse

from onboarding import environment, errors
from onboarding.state import credentials, files, interface, postgres, s3, storage, store


def of(target: environment.Environment) -> interface.StateStore:
    """The store that ``state.store`` names, ready for use; nothing is written by opening it.

    Raises ``errors.UsageError`` for a store of no known kind.
    """
    return at(target.state)


def at(state: environment.State) -> store.Store:
    """As ``of``, for a store that is not that of an environment file."""
    return store.Store(_place(state), lease_seconds=state.lease_seconds)


def _place(state: environment.State) -> storage.Storage:
    url = parse.urlsplit(state.store)
    if url.scheme == "file" and not url.netloc and url.path.startswith("/"):
        return files.Folder(environment.folder_of(state.store))
    if url.scheme in ("postgresql", "postgres"):
        _require("psycopg", "postgres")
        return postgres.Postgres(state)
    if url.scheme == "s3" and url.netloc and _safe(state.store):
        _require("minio", "s3")
        return s3.Bucket(state)
    raise errors.UsageError(
        f"state store {credentials.plain(state.store)!r} is not supported",
        resolution="Use as state.store one of: file:///absolute/folder, "
        "postgresql://user@host/database, s3://bucket/prefix?endpoint=https://host",
    )


def objects(pulumi: environment.Pulumi) -> storage.Objects:
    """What Pulumi has stored in its own backend, by its names."""
    url = parse.urlsplit(pulumi.backend)
    if url.scheme == "file":
        return files.Objects(environment.folder_of(pulumi.backend))
    where = environment.State(
        store=pulumi.backend, credentials_file=pulumi.credentials_file, ca_file=pulumi.ca_file
    )
    if url.scheme in ("postgresql", "postgres"):
        _require("psycopg", "postgres")
        return postgres.Table(where)
    if url.scheme == "s3":
        _require("minio", "s3")
        return s3.Bucket(where)
    raise errors.UsageError(
        f"Pulumi's backend {credentials.plain(pulumi.backend)!r} is not supported",
        resolution="Use as pulumi.backend one of: file:///absolute/folder, "
        "postgres://user@host/database, s3://bucket/prefix?endpoint=https://host",
    )


def _safe(url: str) -> bool:
    """Whether the endpoint of a bucket is reached with TLS, or is on this computer."""
    endpoint = parse.urlsplit(credentials.parameter(url, "endpoint") or "https://")
    return endpoint.scheme == "https" or credentials.here(endpoint.hostname or "-")


def _require(module: str, extra: str) -> None:
    from importlib import util

    if util.find_spec(module) is None:
        raise errors.UsageError(
            f"this state store needs the package {module}",
            resolution=f"Run: pip install 'gdcc-onboarding[{extra}]'",
        )

"""A state store in PostgreSQL: three tables in a schema of its own, made at the first writing."""

from __future__ import annotations

import base64
import contextlib
import functools
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib import parse

from onboarding import environment, errors
from onboarding.state import credentials, storage

_TABLES = """
create schema if not exists {schema};
create table if not exists {schema}.journal (
  tenant text not null, seq bigint not null, line bytea not null, primary key (tenant, seq));
create table if not exists {schema}.document (
  tenant text not null, name text not null, content bytea not null, primary key (tenant, name));
create table if not exists {schema}.lease (
  tenant text primary key, content bytea not null, version bigint not null,
  at timestamptz not null default clock_timestamp());
"""
_ONE_AT_A_TIME = 0x6F6E626F
"""Key of the advisory lock under which tables are made: two at once would collide."""


class Postgres:
    """Implements ``storage.Storage``."""

    def __init__(self, at: environment.State) -> None:
        self._at = at
        self._schema = credentials.parameter(at.store, "schema") or "onboard"
        self._table = credentials.parameter(at.store, "table") or "pulumi_state"
        self._lock = threading.RLock()
        self._open: Any = None

    def __del__(self) -> None:
        self._drop()

    @property
    def where(self) -> str:
        return f"{credentials.plain(self._at.store)} schema {self._schema}"

    def tenants(self) -> tuple[str, ...]:
        rows = self.read(
            "select tenant from {schema}.journal union select tenant from {schema}.document"
        )
        return tuple(sorted(str(row[0]) for row in rows if "!" not in row[0]))

    @contextmanager
    def guard(self, tenant_id: str) -> Iterator[bool]:
        yield True

    def lines(self, tenant_id: str) -> list[bytes]:
        rows = self.read(
            "select line from {schema}.journal where tenant=%s order by seq", tenant_id
        )
        return [bytes(row[0]) for row in rows]

    def append(self, tenant_id: str, after: int, seq: int, line: bytes) -> bool:
        self.write(
            "insert into {schema}.journal (tenant, seq, line) select %s, %s, %s where %s = "
            "(select coalesce(max(seq), 0) from {schema}.journal where tenant=%s)"
            " on conflict do nothing",
            tenant_id, seq, line, after, tenant_id,
        )  # fmt: skip
        # Read back: after a lost connection only the line itself tells whose it is.
        found = self.read(
            "select line from {schema}.journal where tenant=%s and seq=%s", tenant_id, seq
        )
        return bool(found) and bytes(found[0][0]) == line

    def names(self, tenant_id: str) -> tuple[str, ...]:
        rows = self.read(
            "select name from {schema}.document where tenant=%s order by name", tenant_id
        )
        return tuple(str(row[0]) for row in rows)

    def get(self, tenant_id: str, name: str) -> bytes | None:
        rows = self.read(
            "select content from {schema}.document where tenant=%s and name=%s", tenant_id, name
        )
        return bytes(rows[0][0]) if rows else None

    def put(self, tenant_id: str, name: str, content: bytes) -> None:
        self.write(
            "insert into {schema}.document values (%s, %s, %s)"
            " on conflict (tenant, name) do update set content = excluded.content",
            tenant_id, name, content,
        )  # fmt: skip

    def remove(self, tenant_id: str, name: str) -> None:
        self.write("delete from {schema}.document where tenant=%s and name=%s", tenant_id, name)

    def bulk(self, prefix: str) -> Mapping[str, Mapping[str, bytes]]:
        found: dict[str, dict[str, bytes]] = {}
        for tenant_id, name, content in self.read(
            "select tenant, name, content from {schema}.document where starts_with(name, %s)",
            prefix,
        ):
            if "!" not in tenant_id:
                found.setdefault(tenant_id, {})[name] = bytes(content)
        return found

    def lease(self, tenant_id: str) -> storage.Held | None:
        rows = self.read(
            "select content, version, extract(epoch from clock_timestamp() - at)"
            " from {schema}.lease where tenant=%s",
            tenant_id,
        )
        if not rows:
            return None
        content, version, age = rows[0]
        return storage.Held(bytes(content), str(version), float(age))

    def swap_lease(self, tenant_id: str, content: bytes, version: str) -> str | None:
        if version:
            self.write(
                "update {schema}.lease set content=%s, version=version+1, at=clock_timestamp()"
                " where tenant=%s and version=%s",
                content, tenant_id, int(version),
            )  # fmt: skip
        else:
            self.write(
                "insert into {schema}.lease values (%s, %s, 1) on conflict do nothing",
                tenant_id, content,
            )  # fmt: skip
        now = self.lease(tenant_id)
        return now.version if now is not None and now.content == content else None

    def set_aside(self, tenant_id: str, label: str) -> str:
        aside = f"{tenant_id}!{label}"
        for statement in (
            "update {schema}.journal set tenant=%s where tenant=%s",
            "update {schema}.document set tenant=%s where tenant=%s",
            "update {schema}.lease set tenant=%s where tenant=%s",
        ):
            self.write(statement, aside, tenant_id)
        return f"{self.where}, rows of {aside}"

    def old(self, tenant_id: str, name: str) -> bytes | None:
        return None

    def forget_old(self, tenant_id: str, name: str) -> None:
        """There is nothing of the first form in a database."""

    def read(self, statement: str, *values: Any) -> Sequence[Any]:
        """The rows of a query; none where its table is not there yet."""
        from psycopg import errors as refused

        try:
            return self._run(statement, values)
        except (refused.UndefinedTable, refused.InvalidSchemaName):
            return ()

    def write(self, statement: str, *values: Any) -> None:
        """Run a statement; where the store's tables are not there yet, they are made first."""
        from psycopg import errors as refused

        try:
            self._run(statement, values)
        except (refused.UndefinedTable, refused.InvalidSchemaName):
            self._run(f"select pg_advisory_lock({_ONE_AT_A_TIME})", ())
            try:
                for made in _TABLES.split(";")[:-1]:
                    self._run(made, ())
            finally:
                self._run(f"select pg_advisory_unlock({_ONE_AT_A_TIME})", ())
            self._run(statement, values)

    def _run(self, statement: str, values: Sequence[Any]) -> Sequence[Any]:
        """One statement, tried again on a new connection where the old one is gone."""
        import psycopg
        from psycopg import sql

        query = sql.SQL(statement).format(
            schema=sql.Identifier(self._schema), table=sql.Identifier(self._table)
        )
        with self._lock, self._told():
            for last in (False, True):
                try:
                    answer = self._connection().execute(query, values or None)
                    return answer.fetchall() if answer.description else ()
                except psycopg.OperationalError:
                    self._drop()
                    if last:
                        raise
        raise AssertionError("the last attempt returns or raises")

    def _connection(self) -> Any:
        import psycopg

        if self._open is None:
            self._open = psycopg.connect(**self._settings, autocommit=True)
        return self._open

    def _drop(self) -> None:
        if self._open is not None:
            with contextlib.suppress(Exception):
                self._open.close()
        self._open = None

    @functools.cached_property
    def _settings(self) -> dict[str, Any]:
        return credentials.postgres(self._at)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the driver as ours; a table that is not there yet is no error here."""
        import psycopg
        from psycopg import errors as refused

        try:
            yield
        except (refused.UndefinedTable, refused.InvalidSchemaName):
            raise
        except refused.InsufficientPrivilege as denied:
            raise errors.Denied(
                "the state store denies this",
                details=[self.where, str(denied).splitlines()[0]],
                resolution="Give the role of state.store rights on the schema and its tables.",
            ) from denied
        except (psycopg.OperationalError, psycopg.InterfaceError) as gone:
            raise errors.Unreachable(
                "the state store cannot be reached",
                details=[self.where, *str(gone).strip().splitlines()[-1:]],
                resolution="Is PostgreSQL up, and are state.store and state.credentialsFile right?"
                " Then run the same command again: it goes on.",
            ) from gone
        except psycopg.Error as failed:
            raise errors.EngineFailed(
                "the state store cannot be used",
                details=[self.where, *str(failed).strip().splitlines()[:1]],
                resolution="Mend the database, then run the same command again: it goes on.",
            ) from failed


class Table:
    """Implements ``storage.Objects``: Pulumi's table, each object as base64 in JSON.

    Pulumi puts the path of its URL, here the name of the database, before each name.
    """

    def __init__(self, at: environment.State) -> None:
        self._database = Postgres(at)
        self._prefix = parse.urlsplit(at.store).path.strip("/") + "/"

    def find(self, start: str) -> Sequence[str]:
        rows = self._database.read(
            "select key from {table} where starts_with(key, %s) order by key", self._prefix + start
        )
        return [str(row[0]).removeprefix(self._prefix) for row in rows]

    def read(self, name: str) -> bytes | None:
        rows = self._database.read(
            "select data->>'data' from {table} where key=%s", self._prefix + name
        )
        return base64.b64decode(rows[0][0]) if rows else None

    def delete(self, name: str) -> None:
        self._database.write("delete from {table} where key=%s", self._prefix + name)

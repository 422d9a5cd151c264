"""A state store in an S3-compatible bucket, by conditional writes (If-None-Match, If-Match).

``<prefix>/tenants/<agency id>/journal/<number>``, ``documents/<stored name>`` and ``lease``. The
server must honour conditions of PUT, as Amazon S3 does since 2024; that is tried before the first
lease.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib import parse

from onboarding import environment, errors, https
from onboarding.state import credentials, storage

_AT_ONCE = 16
_SIGNED_FOR = timedelta(minutes=5)
_BUSY = 409
_CONDITION_FAILED = 412
_DENIED = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"})
_ATTEMPTS = 5


class Bucket:
    """Implements ``storage.Storage``, and ``storage.Objects`` for what Pulumi stores."""

    def __init__(self, at: environment.State) -> None:
        self._at = at
        parts = parse.urlsplit(at.store)
        self._bucket = parts.netloc
        prefix = parts.path.strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._known: dict[str, tuple[str, bytes]] = {}
        """Lines of journals by key, with their tag: a line never changes."""
        self._tried = False

    @property
    def where(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"

    def tenants(self) -> tuple[str, ...]:
        start = f"{self._prefix}tenants/"
        found = (key for key, _ in self._list(start, deep=False))
        return tuple(sorted(key.removeprefix(start).strip("/") for key in found))

    @contextmanager
    def guard(self, tenant_id: str) -> Iterator[bool]:
        yield True

    def lines(self, tenant_id: str) -> list[bytes]:
        listed = dict(self._list(self._key(tenant_id, "journal/")))
        new = [k for k, tag in listed.items() if self._known.get(k, ("",))[0] != tag]
        for key, content in self._get_all(new):
            if content is not None:
                self._known[key] = (listed[key], content)
        return [self._known[key][1] for key in sorted(listed) if key in self._known]

    def append(self, tenant_id: str, after: int, seq: int, line: bytes) -> bool:
        key = self._key(tenant_id, f"journal/{seq:012d}")
        # Numbers follow each other, so that of the next record is free only after the last one.
        if self._put(key, line, {"If-None-Match": "*"}) is not None:
            return True
        # After a lost reply only the line itself tells whose it is.
        return self._get(key) == line

    def names(self, tenant_id: str) -> tuple[str, ...]:
        start = self._key(tenant_id, "documents/")
        return tuple(sorted(key.removeprefix(start) for key, _ in self._list(start)))

    def get(self, tenant_id: str, name: str) -> bytes | None:
        return self._get(self._key(tenant_id, f"documents/{name}"))

    def put(self, tenant_id: str, name: str, content: bytes) -> None:
        self._put(self._key(tenant_id, f"documents/{name}"), content, {})

    def remove(self, tenant_id: str, name: str) -> None:
        self._remove(self._key(tenant_id, f"documents/{name}"))

    def bulk(self, prefix: str) -> Mapping[str, Mapping[str, bytes]]:
        def of(tenant_id: str) -> tuple[str, dict[str, bytes]]:
            start = self._key(tenant_id, "documents/")
            keys = [key for key, _ in self._list(f"{start}{prefix}")]
            read = ((key.removeprefix(start), self._get(key)) for key in keys)
            return tenant_id, {name: content for name, content in read if content is not None}

        with futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            return {tenant_id: found for tenant_id, found in pool.map(of, self.tenants()) if found}

    def lease(self, tenant_id: str) -> storage.Held | None:
        answer = self._answer(self._key(tenant_id, "lease"))
        if answer is None:
            return None
        content, headers = answer
        try:
            now, written = (parsedate_to_datetime(headers[h]) for h in ("date", "last-modified"))
            return storage.Held(content, headers["etag"], (now - written).total_seconds())
        except (KeyError, ValueError) as lacking:
            raise self._refused(f"an object came without its time or tag: {lacking}", 0) from None

    def swap_lease(self, tenant_id: str, content: bytes, version: str) -> str | None:
        self._require_conditions()
        key = self._key(tenant_id, "lease")
        condition = {"If-Match": version} if version else {"If-None-Match": "*"}
        made = self._put(key, content, condition)
        if made is not None:
            return made
        now = self.lease(tenant_id)
        return now.version if now is not None and now.content == content else None

    def set_aside(self, tenant_id: str, label: str) -> str:
        start, aside = self._key(tenant_id, ""), f"{self._prefix}set-aside/{tenant_id}-{label}/"
        keys = [key for key, _ in self._list(start)]
        for key, content in self._get_all(keys):
            if content is not None:
                self._put(aside + key.removeprefix(start), content, {})
        for key in keys:
            self._remove(key)
        return f"s3://{self._bucket}/{aside}"

    def old(self, tenant_id: str, name: str) -> bytes | None:
        return None

    def forget_old(self, tenant_id: str, name: str) -> None:
        """There is nothing of the first form in a bucket."""

    def find(self, start: str) -> Sequence[str]:
        found = self._list(f"{self._prefix}{start}")
        return sorted(key.removeprefix(self._prefix) for key, _ in found)

    def read(self, name: str) -> bytes | None:
        return self._get(f"{self._prefix}{name}")

    def delete(self, name: str) -> None:
        self._remove(f"{self._prefix}{name}")

    def _require_conditions(self) -> None:
        """Refuse a server that ignores conditions: two runs could hold one agency."""
        if self._tried:
            return
        key = f"{self._prefix}probe-{secrets.token_hex(4)}"
        self._put(key, b"1", {"If-None-Match": "*"})
        try:
            if self._put(key, b"2", {"If-None-Match": "*"}) is not None:
                raise errors.Refused(
                    "the S3 server ignores the condition If-None-Match",
                    details=[self.where],
                    resolution="Use a server that honours conditional writes, or PostgreSQL.",
                )
        finally:
            self._remove(key)
        self._tried = True

    def _key(self, tenant_id: str, rest: str) -> str:
        return f"{self._prefix}tenants/{tenant_id}/{rest}"

    def _list(self, start: str, *, deep: bool = True) -> Sequence[tuple[str, str]]:
        with self._told():
            found = self._client.list_objects(self._bucket, prefix=start, recursive=deep)
            return [(o.object_name, o.etag or "") for o in found]

    def _get(self, key: str) -> bytes | None:
        answer = self._answer(key)
        return None if answer is None else answer[0]

    def _answer(self, key: str) -> tuple[bytes, Mapping[str, str]] | None:
        from minio.error import S3Error

        with self._told():
            try:
                answer = self._client.get_object(self._bucket, key)
            except S3Error as missing:
                if missing.code == "NoSuchKey":
                    return None
                raise
            try:
                return answer.data, answer.headers
            finally:
                answer.close()
                answer.release_conn()

    def _get_all(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        wanted = list(keys)
        with futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            yield from zip(wanted, pool.map(self._get, wanted), strict=True)

    def _put(self, key: str, content: bytes, condition: Mapping[str, str]) -> str | None:
        """The new object's tag; None where the condition does not hold.

        The client has no conditions, but signs addresses; a condition need not be signed.
        """
        with self._told():
            for _ in range(_ATTEMPTS):
                url = self._client.get_presigned_url("PUT", self._bucket, key, expires=_SIGNED_FOR)
                answer = self._http.request("PUT", url, body=content, headers=dict(condition))
                if answer.status < 300:
                    return str(answer.headers["etag"])
                if answer.status == _CONDITION_FAILED or (
                    answer.status == 404 and "If-Match" in condition
                ):
                    return None
                if answer.status != _BUSY:
                    raise self._refused(answer.data.decode(errors="replace"), answer.status)
        raise errors.EngineFailed(
            "the S3 server does not come to a decision between two writes",
            details=[self.where],
            resolution="Run the command again.",
        )

    def _remove(self, key: str) -> None:
        with self._told():
            self._client.remove_object(self._bucket, key)

    @functools.cached_property
    def _http(self) -> Any:
        import urllib3

        trusted: dict[str, Any] = {}
        if self._at.ca_file is not None:
            trusted["ssl_context"] = https.trusting(self._at.ca_file)
        again = urllib3.Retry(
            total=4, backoff_factor=0.3, backoff_jitter=0.3, allowed_methods=None,
            status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False,
        )  # fmt: skip
        return urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=30),
            retries=again, maxsize=_AT_ONCE, **trusted,
        )  # fmt: skip

    @functools.cached_property
    def _client(self) -> Any:
        import minio
        from minio.credentials import providers

        endpoint = credentials.parameter(self._at.store, "endpoint") or "https://s3.amazonaws.com"
        address = parse.urlsplit(endpoint)
        file = self._at.credentials_file
        return minio.Minio(
            address.netloc,
            secure=address.scheme == "https",
            region=credentials.parameter(self._at.store, "region") or "us-east-1",
            http_client=self._http,
            credentials=providers.IamAwsProvider()
            if file is None
            else providers.AWSConfigProvider(
                filename=str(credentials.private(file, "the store's credential"))
            ),
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        from minio.error import MinioException, S3Error
        from urllib3.exceptions import HTTPError

        try:
            yield
        except S3Error as refused:
            raise self._refused(str(refused.code), 0) from refused
        except (HTTPError, MinioException, ValueError) as gone:
            raise errors.Unreachable(
                "the state store cannot be reached",
                details=[self.where, type(gone).__name__],
                resolution="Is the S3 server up, and are state.store, state.caFile and "
                "state.credentialsFile right? Then run the same command again: it goes on.",
            ) from gone

    def _refused(self, said: str, status: int) -> errors.OnboardError:
        code = said.partition("<Code>")[2].partition("</Code>")[0] or said or str(status)
        if code in _DENIED or status == 403:
            return errors.Denied(
                "the state store denies this",
                details=[self.where, code],
                resolution="Check state.credentialsFile and the rights on the bucket.",
            )
        return errors.EngineFailed(
            "the state store cannot be used",
            details=[self.where, code],
            resolution="Mend the bucket, then run the same command again: it goes on.",
        )

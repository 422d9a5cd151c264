"""How Mayan EDMS runs in pods; its image is made so that these suffice."""

from __future__ import annotations

import json

from onboarding.products import pods

_HTTPS = json.dumps(["HTTP_X_FORWARDED_PROTO", "https"])
_DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": pods.DATABASE_NAME,
        "USER": pods.DATABASE_NAME,
        "HOST": "$database",
        "PORT": pods.DATABASE_PORT,
        # A connection for each request would take as long as most requests themselves.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}

PODS = pods.Pods(
    settle=("/opt/mayan/bin/settle",),
    environment={
        "MAYAN_DATABASES": json.dumps(_DATABASES),
        # Where libpq's own programs find the database, as the export and the restore do.
        "PGHOST": "$database",
        "PGUSER": pods.DATABASE_NAME,
        "PGDATABASE": pods.DATABASE_NAME,
        # Read for every connection: a new password counts without a restart.
        "PGPASSFILE": f"{pods.SECRETS}/pgpass",
        "MAYAN_SECRET_KEY_FILE": f"{pods.SECRETS}/secret-key",
        "OIDC_CLIENT_SECRET_FILE": f"{pods.SECRETS}/oidc-secret",
        "MAYAN_ALLOWED_HOSTS": json.dumps(["$host"]),
        "MAYAN_CSRF_TRUSTED_ORIGINS": json.dumps(["https://$host"]),
        "MAYAN_CSRF_COOKIE_SECURE": "true",
        "MAYAN_SESSION_COOKIE_SECURE": "true",
        "MAYAN_SECURE_PROXY_SSL_HEADER": _HTTPS,
        "REQUESTS_CA_BUNDLE": pods.TRUST,
        "SSL_CERT_FILE": pods.TRUST,
    },
    files={"pgpass": "*:*:*:*:$database", "secret-key": "$key"},
    least_milli=250,
    least_mi=384,
    # Its locks and its search index are files of one pod.
    beside=False,
    # A letter of many pages; the image's own configuration says the same.
    longest_seconds=300,
)

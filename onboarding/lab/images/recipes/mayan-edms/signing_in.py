"""Settings of Mayan's pages: Thai, the time of Bangkok, and people sign in by OIDC alone.

Mayan takes PKCE and the refusal of strangers by no environment variable, and the secret of its
client would stand in one. From the environment come ``OIDC_ISSUER``, ``OIDC_CLIENT_ID`` and
``OIDC_CLIENT_SECRET_FILE`` (JSON with ``client_secret``); without an issuer people sign in by the
passwords that Mayan keeps itself.
"""

import json
import os
from pathlib import Path
from urllib.parse import urlencode

from django.apps import AppConfig

LANGUAGE_CODE = "th"
LANGUAGES = (("th", "ไทย"), ("en", "English"))
TIME_ZONE = "Asia/Bangkok"

ISSUER = os.environ.get("OIDC_ISSUER", "").rstrip("/")
APPS = ("signing_in.AccountsOfTheTool",) if ISSUER else ()

if ISSUER:
    OIDC_USE_PKCE = True
    # The identity provider knows the staff of all agencies: only who has an account here gets in.
    OIDC_CREATE_USER = False
    # Who is not signed in is sent there at once. Who was refused is not: that would go round.
    LOGIN_URL = "oidc_authentication_init"
    LOGIN_REDIRECT_URL_FAILURE = "/authentication/login/"
    # Who signs out does so everywhere: the next person at the same computer must not be let in.
    _BACK = {
        "client_id": os.environ["OIDC_CLIENT_ID"],
        "post_logout_redirect_uri": f"{os.environ['PUBLIC_URL']}/",
    }
    LOGOUT_REDIRECT_URL = f"{ISSUER}/protocol/openid-connect/logout?{urlencode(_BACK)}"
    # Nobody has a password here that could be forgotten.
    AUTHENTICATION_DISABLE_PASSWORD_RESET = True
    AUTHENTICATION_BACKEND = (
        "mayan.apps.authentication_oidc.authentication_backends.AuthenticationBackendOIDC"
    )
    AUTHENTICATION_BACKEND_ARGUMENTS = {
        "oidc_op_authorization_endpoint": f"{ISSUER}/protocol/openid-connect/auth",
        "oidc_op_jwks_endpoint": f"{ISSUER}/protocol/openid-connect/certs",
        "oidc_op_token_endpoint": f"{ISSUER}/protocol/openid-connect/token",
        "oidc_op_user_endpoint": f"{ISSUER}/protocol/openid-connect/userinfo",
        "oidc_rp_client_id": os.environ["OIDC_CLIENT_ID"],
        "oidc_rp_client_secret": json.loads(
            Path(os.environ["OIDC_CLIENT_SECRET_FILE"]).read_text(encoding="utf-8")
        )["client_secret"],
        "oidc_rp_sign_algo": "ES256",
    }


_OF_MAYAN = "mayan.apps.authentication_oidc.django_authentication_backends"
_ANYBODY = f"{_OF_MAYAN}.DjangoAuthenticationBackendOIDC"


class AccountsOfTheTool(AppConfig):
    """Who may sign in, once Mayan has set up its own way for OIDC: staff of the agency, and by
    their passwords the accounts of the tool, which Mayan's way shuts out with everybody's."""

    name = "signing_in"

    def ready(self) -> None:
        from django.conf import settings

        known = settings.AUTHENTICATION_BACKENDS
        if _ANYBODY not in known:
            raise RuntimeError(f"Mayan signs people in by {known}, not by {_ANYBODY}")
        ours = ("agency_staff.AgencyStaff" if one == _ANYBODY else one for one in known)
        settings.AUTHENTICATION_BACKENDS = (*ours, "tool_accounts.ToolAccounts")

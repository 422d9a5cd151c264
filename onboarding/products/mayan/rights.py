"""What each role of correspondence may do with letters, as permissions of Mayan EDMS.

A right holds where it is granted: on one organisation's document type, or on the workflow. No role
has a right of its own everywhere, so nobody reaches the letters of another organisation.
"""

from __future__ import annotations

from collections.abc import Iterable

READER = (
    "acls.acl_view",
    "documents_types.document_type_view",
    "document_states.workflow_view",
    "file_metadata.file_metadata_document_type_setup",
    "metadata_setup.metadata_type_view",
    "permissions.role_view",
    "sequences.sequence_view",
    "user_management.group_view",
)
"""What an account needs, everywhere, that reads the configuration and cannot change it."""

_HARMLESS = frozenset(
    {
        *("announcements", "authentication_attempts", "dashboards", "dependencies", "django_gpg"),
        *("file_caching", "logging", "messaging", "quotas", "statistics", "task_manager"),
        # Whoever puts people into the groups of the roles needs it.
        "user_management",
    }
)
"""Parts of Mayan in which nobody reaches a letter, what is said of it, or a right to one."""


def beyond(granted: Iterable[str], *, reader: bool) -> list[str]:
    """What a role that is not ours may not have everywhere; ``reader``: the one of the account that
    reads the configuration."""
    # The right to read whether a language model is let in is the right to let it in.
    known = {r for r in READER if reader or not r.startswith("file_metadata.")}
    return sorted(
        right
        for right in granted
        if right not in known and right.partition(".")[0] not in _HARMLESS
    )


STAFF = (
    "documents.document_view",
    "documents.document_file_view",
    "documents.document_version_view",
    "documents.document_file_print",
    # Who cannot take the file out cannot check the signature in it.
    "document_downloads.document_file_download",
    "metadata.metadata_document_view",
    "documents_types.document_type_view",
    "document_states.workflow_view",
    "document_states.workflow_transition",
)
"""Everybody of an organisation, on its letters: read them and take their steps."""

FIELD = (
    "metadata.metadata_document_add",
    "metadata.metadata_document_edit",
    "metadata.metadata_document_view",
)
"""Everybody of an organisation, on what is said of letters: Mayan asks for the right on the letter
and on this, so by itself it opens nothing."""

WORKFLOW = ("document_states.workflow_transition", "document_states.workflow_view")
"""Everybody of an organisation, on the steps themselves."""

WRITERS = ("section", "division", "department", "central")
WRITE = (
    "documents.document_create",
    "documents.document_file_new",
    "documents.document_properties_edit",
    "metadata.metadata_document_add",
    "metadata.metadata_document_edit",
)
"""The roles that write letters, and what they may do with those of their organisation."""

_ASK_TO_DELETE = ("documents.document_trash",)
_DELETE = ("documents.document_delete", "documents.document_restore")
_ASKING = ("division", "department")


def of_deletion(role: str, approver: str) -> list[str]:
    """What a role may do towards the deletion of its organisation's letters.

    Whoever puts a letter into the bin asks for its deletion; only ``approver`` may delete what lies
    there, and cannot put anything in.
    """
    if role == approver:
        return sorted(_DELETE)
    return sorted(_ASK_TO_DELETE) if role in _ASKING else []

"""How things are called inside Mayan EDMS (version 4.12): paths, templates, marks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

LETTER = "documents/document"
TYPE = "documents/documenttype"
FIELD = "metadata/metadatatype"
WORKFLOW = "document_states/workflow"

TAKE_NUMBER = "mayan.apps.sequences.workflow_actions.SequenceValueNextAction"
WRITE_FIELD = "mayan.apps.metadata.workflow_actions.DocumentMetadataEditAction"
COUNTER = "mayan.apps.sequences.sequence_backends.arithmetic.SequenceBackendArithmetic"

ONE_BY_ONE = {"increment_list": "1", "width": 0}
"""Arguments of a counter beside its first number: the next letter takes the next one, for ever."""

ON_ENTRY = 1
"""``when`` of an action: as a letter comes into the state."""
STORED_AS = "number"
NUMBER_OF_YEAR = (
    '{{ workflow_instance_context.sequences.number }}/{% now "Y" as year %}{{ year|add:543 }}'
)
"""A number with the Buddhist year in which it was taken, such as 12/2569."""

_LETTER_TYPE = "workflow_instance.document.metadata_value_of.letter_type"
_TYPE_NUMBER = re.compile(r"document_type_id == (\d+) ")
_QUOTED = re.compile(rf'{re.escape(_LETTER_TYPE)} == "([^"]*)"')
_AI = re.compile(r"openai|ollama", re.IGNORECASE)


def is_ours(name: str, agency: str) -> bool:
    """Whether a group or a role is one of the agency's: its id stands before the first colon."""
    return name.partition(":")[0] == agency and ":" in name


def for_type(number: int) -> str:
    """The condition that holds for letters of one document type."""
    test = f"workflow_instance.document.document_type_id == {number} "
    return f"{{% if {test}%}}True{{% endif %}}"


def type_in(condition: str) -> int:
    """The document type of such a condition; 0 where it is another one."""
    found = _TYPE_NUMBER.search(condition)
    return int(found[1]) if found and for_type(int(found[1])) == condition else 0


def for_letter_types(types: Sequence[str]) -> str:
    """The condition that holds for letters of these kinds; "" for all."""
    if not types:
        return ""
    tests = " or ".join(f'{_LETTER_TYPE} == "{kind}"' for kind in types)
    return f"{{% if {tests} %}}True{{% endif %}}"


def letter_types_in(condition: str) -> list[str]:
    """The kinds of letter of such a condition; another one stands there as it is."""
    types = _QUOTED.findall(condition)
    return types if for_letter_types(types) == condition else [condition]


def arguments(one: Mapping[str, Any]) -> dict[str, Any]:
    """What the backend of a sequence or an action is told, which Mayan keeps as text."""
    said = one["backend_data"] or {}
    return dict(json.loads(said) if isinstance(said, str) else said)


def condition(one: Mapping[str, Any]) -> str:
    """Of an action or a transition; "" where it always holds."""
    return str(one["condition"] or "")


def hands_to_ai(driver: str) -> bool:
    """Whether a driver that reads files hands them to a language model."""
    return _AI.search(driver) is not None


def internal(agency: str, name: str) -> str:
    """An internal name, which has letters, digits and underscores only."""
    return f"{agency}__{name}".replace("-", "_")


def named(internal_name: str, agency: str) -> str:
    """The name in one of the agency's internal names; "" where it is another one."""
    name = internal_name.removeprefix(internal(agency, "")).replace("_", "-")
    return name if internal(agency, name) == internal_name else ""

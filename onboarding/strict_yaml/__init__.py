"""YAML as files of this project may use it: plain data, nothing hidden, every mistake placed.

The subset is YAML 1.2 core without anchors, aliases, merge keys, tags, further documents and
keys that are not text. ``yes``/``no``/``on``/``off``, dates and numbers with a leading zero stay
text, so that a code such as ``012`` is never read as a number. UTF-8 with or without a byte
order mark and all line ends are read; text must be in Unicode normal form C.
"""

from __future__ import annotations

from onboarding.strict_yaml.document import (
    MAX_BYTES,
    Document,
    invalid,
    load,
    loads,
    survey,
    survey_text,
)
from onboarding.strict_yaml.private import shown
from onboarding.strict_yaml.reader import MAX_PROBLEMS, KeyPath, Position
from onboarding.strict_yaml.shape import Checked, check, field_name, partly, problem, validate
from onboarding.strict_yaml.shipped import shipped

__all__ = [
    "MAX_BYTES",
    "MAX_PROBLEMS",
    "Checked",
    "Document",
    "KeyPath",
    "Position",
    "check",
    "field_name",
    "invalid",
    "load",
    "loads",
    "partly",
    "problem",
    "shipped",
    "shown",
    "survey",
    "survey_text",
    "validate",
]

"""YAML as files of this project may use it: plain data, nothing hidden, every mistake placed.

The subset is YAML 1.2 core without anchors, aliases, merge keys, tags, further documents and
keys that are not text. ``yes``/``no``/``on``/``off``, dates and numbers with a leading zero stay
text, so that a code such as ``012`` is never read as a number. UTF-8 with or without a byte
order mark and both line ends are read; text must be in Unicode normal form C.
"""

from __future__ import annotations

from onboarding.strict_yaml.document import MAX_BYTES, Document, load, loads
from onboarding.strict_yaml.reader import KeyPath, Position
from onboarding.strict_yaml.shape import problem, validate

__all__ = ["MAX_BYTES", "Document", "KeyPath", "Position", "load", "loads", "problem", "validate"]

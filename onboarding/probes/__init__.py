"""Proofs by use on a real environment, of which nothing stays there (``verify --probe``).

``probe`` is what all have in common, ``table`` lists them, ``running`` runs them.

- ``letters`` sends letters of the agency to itself (``onboarding.ecms``).
- ``addresses`` looks at its addresses as they are served: ``tls`` judges what ``tls_wire`` saw.
- ``signing_in`` asks them without signing in: ``sign_in`` judges what ``pages`` got.
- ``inside`` tries the network from pods: ``survey`` says what, ``pod`` does it, ``network`` judges,
  ``records`` remembers the pods in the journal.

Judges are pure. What was not seen is unknown, never a pass: a probe that gets no answer, or breaks,
says so.
"""

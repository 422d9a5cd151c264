"""Proofs by use on a real environment, of which nothing stays there (``verify --probe``).

``probe`` is what all have in common, ``table`` lists them, ``running`` runs them. ``letters`` sends
letters round; ``addresses`` looks at the addresses of an agency as they are served: ``tls`` judges,
pure, what ``tls_wire`` saw.

What was not seen is unknown, never a pass: a probe that gets no answer, or breaks, says so.
"""

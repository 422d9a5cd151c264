"""Conformance check of an agency's account at the exchange of letters (TH e-GIF, e-CMS).

``messages`` and ``answers`` build and read what goes over the wire, ``signature`` signs and
verifies, ``wire`` is the one door to the exchange, ``inbox`` the agency's queue there, ``exercise``
sends synthetic letters and watches what becomes of them, ``records`` remembers them in the journal,
``judging`` turns what was seen into findings of DOC-008 and DOC-009.
"""

"""SMPP 3.4, the language of operators' service centres: the ESME's side of a session, and PDUs of both sides.

Read ``tables`` first (the standard's numbers and their names), then ``pdu`` (where each field stands), ``content``
(what a message holds), ``receipt`` (what became of one), and ``session`` (who may say what when). The standard is the
Short Message Peer to Peer Protocol Specification v3.4, issue 1.2; clauses are quoted as §.
"""

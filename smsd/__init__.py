"""An SMS daemon that owns a GSM modem: answers clients' commands, sends notifications, loses nothing, doubles nothing.

What to read first
    ``errors``           everything that may go wrong, on one page
    ``sms``              the vocabulary: deliver, submit, status report; sent, not sent, in doubt
    ``rules``            the decisions, pure: what a command is (``commands``), what is done with what came in
                         (``reception``), what may follow what (``outbox``, ``requests``), when a doubt is settled
                         (``doubts``)
    ``gateway``          what the daemon is for: receive, answer, pump, settle

Then, by what brought you here
    a byte on the line   ``wire`` (one standard a file) and ``routes`` (a SIM in a modem, a bind, HTTP)
    a row                ``store``: its tables are ``store/migrations``, its SQL ``store/sql``
    a client             ``directory`` (who they are) and ``vault`` (passwords sealed to a public key)
    a command            ``cli`` (a face) over ``desk`` (the verbs), in the language of ``speech``
    a request over HTTP  ``api`` (the other face), and its webhooks
    a running process    ``daemon`` (what is made of what), ``config``, ``log``, ``systemd``
    one that does not    ``doctor`` (what is wrong with this host, and what cures it)
    a modem to play with ``simulator``

A module imports only what stands below it: cli, doctor, daemon, config | log | systemd, api,
gateway | desk, routes | directory, store | vault, credential | asking, rules, sms | simulator, wire, speech, errors.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"

"""Bytes in, values out, values in, bytes out: one standard a file, and nothing here opens, waits, logs or remembers.

Read ``alphabet`` first (3GPP TS 23.038: characters, septets, TP-DCS), then ``userdata`` (23.040 §9.2.3.24: the header,
concatenation, how a text becomes parts and parts a text), ``address`` (§9.1.2.5) and ``tpdu`` (§9.2.2: what a modem
hands over and takes), with ``stamp`` and ``status`` for its times and ends. ``national`` is only the tables of 23.038
annex A. ``at`` speaks with the modem itself (V.250, 27.005, 27.007); ``information`` reads the values in its answers.

Whatever the octets, a decoder gives a value or raises ``smsd.errors.PduError``; nothing else ever comes out.
"""

"""How long a modem is given for what: one table, every number with its unit and its reason.

The limits follow 27.005 (which gives none), 24.011 §10.1 (the timers below them) and what devices are known to need.
Tests pass the same table shrunk.
"""

from dataclasses import dataclass

__all__ = ["Timings"]


@dataclass(frozen=True, slots=True)
class Timings:
    """All in seconds."""

    # --- answers
    answer: float = 3.0
    """An ordinary command: nothing but the modem itself is asked."""
    setting: float = 10.0
    """CPMS, CNMI, CMGD, CRSM: the SIM is asked, on slow cards for seconds."""
    pin: float = 15.0
    """CPIN: the SIM starts up behind it."""
    operator: float = 60.0
    """COPS=0: a network search starts behind it."""
    prompt: float = 10.0
    """The ``>`` after AT+CMGS=: late ones have been seen after 5."""
    submission: float = 150.0
    """The +CMGS result: TR1M (24.011) is up to 45 s, and radio set-up and the modem's own retries come on top."""
    listing: float = 60.0
    """CMGL of an empty store..."""
    listing_per_slot: float = 0.3
    """...and what each slot adds on a slow SIM."""

    # --- life and death
    drain: float = 0.3
    """What an earlier owner left in the pipe is let run out after the port is opened."""
    probe: float = 3.0
    """Between two probes of a modem that has not answered in time."""
    dead: float = 30.0
    """Of unanswered probes: then the port is closed and opened again."""
    away: float = 0.25
    """Between two looks for a device that vanished: it shall be in use again 2 s after its return."""
    retry: float = 1.0
    """After a failure other than absence, growing twofold..."""
    retry_most: float = 60.0
    """...up to this."""
    search: float = 0.5
    """Between two looks at the host's ports for a modem that is known by its identity."""
    greeting: float = 1.0
    """How long a port that may be a modem's is listened to after each of two ATs."""
    patience: float = 30.0
    """How long a silent port is asked again every second: a modem that starts is mute for so long. Afterwards it is
    asked once in this time."""
    stranger: float = 60.0
    """Until a modem that is not the wanted one is asked again who it is: its card may be another by then."""
    adoption: float = 1.0
    """Between two looks whether a person has adopted a stranger."""
    busy: float = 5.0
    """Between two tries for a port that another program holds."""

    # --- the SIM and the network
    sim_ready: float = 60.0
    """How long a SIM that says busy after its PIN is waited for."""
    sim_step: float = 1.0
    """Between two looks meanwhile."""
    sim_recheck: float = 10.0
    """Between two looks at a SIM that is absent or locked: a person is needed, who may come."""
    registration: float = 3.0
    """Between two looks while there is no network, beside the modem's own hints."""
    network: float = 30.0
    """Between two looks at registration and signal while all is well."""
    pause: float = 10.0
    """How long the route rests after a fault of its own, so that it does not spin."""
    sim_pause: float = 900.0
    """How long it rests when the network refuses the subscription: it may be lifted, seldom soon."""

    # --- cures
    functionality: float = 30.0
    """CFUN: the radio is turned off, or on."""
    radio_rest: float = 2.0
    """How long the radio stays off."""
    reset_rest: float = 3.0
    """After a reset, until the port is looked for: what is there before may be what is about to go."""
    vanishing: float = 15.0
    """How long a modem that is being reset may stay before it goes: it says OK first, or its reset is waited for. One
    on a serial cable stays for ever, and is taken for restarted then."""
    cure_pace: float = 1.0
    """What every span of ``rules.cures`` is multiplied by."""

    # --- messages
    announced: float = 2.0
    """How long the next part waits for what the modem has announced: it may be a command, whose answer goes first. No
    longer, lest a slow SIM full of messages keep everything else from leaving."""
    store_retry: float = 5.0
    """Until the store is offered again what it could not take."""
    settle_after: float = 60.0
    """Until *unchanged* in EF_SMSS proves that nothing left: longer than any modem goes on transmitting."""
    settle_margin: float = 15.0
    """How much longer evidence is asked for after that, in case the modem is busy just then."""
    dialling: float = 15.0
    """AT+CUSD: most modems say OK at once, some with the answer; a part that is to leave waits so long at most."""
    dialled: float = 45.0
    """Until the network has answered what was dialled."""
    idle: float = 5.0
    """Of quiet after which EF_SMSS is read to see whether it still keeps step."""

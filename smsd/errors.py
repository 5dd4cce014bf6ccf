"""Every error this package raises on purpose, on one page.

Knows nothing but names: it imports nothing, and everything else may import it. Foreign exceptions (``OSError``,
``serial.SerialException``, ``sqlite3.Error``) are translated into these at the one border where they arise. A message
names the place, the value and the way out; it never holds a text or a whole number of a client.

* ``SmsdError``                         whatever went wrong, in one line a person can act on
    * ``ConfigError``                   the configuration file says what cannot be (exit code 78)
    * ``UsageError``                    what a person asked for cannot be done as asked (exit code 2)
        * ``KeyTakenError``             a key that makes repeats harmless stands for something else already
    * ``NotFoundError``                 no such message, request, client
    * ``PduError`` (a ``ValueError``)   octets that are not what the standard says, or a value that cannot be octets
    * ``RouteError``                    a way out of this house does not work (exit code 69)
        * ``PortBusyError``             another program holds the port
        * ``PortGoneError``             the device vanished
        * ``ModemError``                the modem does not do what it should
            * ``CommandRefusedError``   the modem answered with a final error
            * ``CommandTimeoutError``   the modem did not answer in time
            * ``ModemResetError``       the modem is being reset: its port is opened anew
            * ``PduModeError``          the modem answers, and refuses PDU mode
            * ``StrangerError``         another modem, or another SIM, than may be used: it is left alone
    * ``StoreError``                    the database does not do what it should
        * ``StoreBusyError``            somebody else has been writing for too long (try again; exit code 75)
        * ``StoreFullError``            no room on the disk: nothing may be deleted from a SIM, nothing sent
        * ``StoreDamagedError``         the file is not a whole database
        * ``StoreVersionError``         the schema is newer, or older, than this program
        * ``AlreadyRunningError``       another daemon holds this store (exit code 69)
    * ``DirectoryError``                who the clients are cannot be asked just now (the request waits)
        * ``DirectoryDownError``        nobody can be asked about any client: the client-support system does not work
    * ``SealError``                     a sealed text cannot be opened: the private key is absent or another
"""

__all__ = [
    "AlreadyRunningError",
    "CommandRefusedError",
    "CommandTimeoutError",
    "ConfigError",
    "DirectoryDownError",
    "DirectoryError",
    "KeyTakenError",
    "ModemError",
    "ModemResetError",
    "NotFoundError",
    "PduError",
    "PduModeError",
    "PortBusyError",
    "PortGoneError",
    "RouteError",
    "SealError",
    "SmsdError",
    "StoreBusyError",
    "StoreDamagedError",
    "StoreError",
    "StoreFullError",
    "StoreVersionError",
    "StrangerError",
    "UsageError",
]


class SmsdError(Exception):
    """Whatever went wrong, in one line a person can act on."""

    exit_code = 1


class ConfigError(SmsdError):
    """The configuration says what cannot be: the message names file, key, what is wrong and what would be right."""

    exit_code = 78


class UsageError(SmsdError):
    """What a person asked for cannot be done as asked; ``about`` names what of it, where that is known."""

    exit_code = 2

    def __init__(self, problem: str = "", *, about: str | None = None) -> None:
        self.about = about
        super().__init__(problem)


class KeyTakenError(UsageError):
    """A key that makes repeats harmless stands for something else already: what was asked for is no repeat."""


class NotFoundError(SmsdError):
    """No such message, request or client."""


class PduError(SmsdError, ValueError):
    """Octets that are not what the standard says, or a value that cannot be written as octets.

    ``field`` is the standard's name of the place (``TP-OA``, ``TP-UDL``); ``octet`` its offset from the start of what
    was decoded, or ``None`` when encoding; ``problem`` says what is wrong there.
    """

    def __init__(self, field: str, problem: str, *, octet: int | None = None) -> None:
        self.field = field
        self.octet = octet
        self.problem = problem
        super().__init__(f"{field} at octet {octet}: {problem}" if octet is not None else f"{field}: {problem}")


class RouteError(SmsdError):
    """A way out of this house does not work."""

    exit_code = 69


class PortBusyError(RouteError):
    """Another program holds the port."""


class PortGoneError(RouteError):
    """The device vanished: unplugged, reset, or its driver gone."""


class ModemError(RouteError):
    """The modem does not do what it should."""


class CommandRefusedError(ModemError):
    """The modem answered a command with a final error.

    ``result`` is the error as the modem's family names it: ``CMS 38``, ``CME 14``, ``ERROR``.
    """

    def __init__(self, command: str, result: str) -> None:
        self.command = command
        self.result = result
        super().__init__(f"{command}: {result}")


class CommandTimeoutError(ModemError):
    """The modem did not answer a command in time: whether it was carried out is not known."""


class PduModeError(ModemError):
    """The modem answers, and refuses the only form of messages that this service speaks (27.005 §3.2.3)."""


class ModemResetError(ModemError):
    """The modem is being reset to cure it, and its port is opened anew; ``cure`` is how."""

    def __init__(self, cure: str, message: str) -> None:
        self.cure = cure
        super().__init__(message)


class StrangerError(ModemError):
    """Another modem, or another SIM, than may be used. It is left alone: nothing is sent, nothing deleted.

    ``state`` is the route's: ``foreign-modem`` or ``foreign-sim``; ``facts`` say what was seen instead.
    """

    def __init__(self, state: str, message: str, facts: dict[str, str]) -> None:
        self.state = state
        self.facts = facts
        super().__init__(message)


class StoreError(SmsdError):
    """The database does not do what it should."""


class StoreBusyError(StoreError):
    """Somebody else has been writing for longer than we wait."""

    exit_code = 75


class StoreFullError(StoreError):
    """No room on the disk. Until there is, nothing may be deleted from a SIM and nothing sent."""

    exit_code = 75


class StoreDamagedError(StoreError):
    """The file is not a whole database."""


class StoreVersionError(StoreError):
    """The schema is not the one this program knows."""


class AlreadyRunningError(StoreError):
    """Another daemon holds this store: the message names it."""

    exit_code = 69


class DirectoryError(SmsdError):
    """Who the clients are cannot be asked just now; the request waits and is tried again."""

    exit_code = 75


class DirectoryDownError(DirectoryError):
    """The directory answers about nobody. ``again_in`` are the seconds until it is worth asking; ``None``: any time."""

    def __init__(self, problem: str, *, again_in: float | None = None) -> None:
        self.again_in = again_in
        super().__init__(problem)


class SealError(SmsdError):
    """A sealed text cannot be opened: the private key is absent, unreadable or another one."""

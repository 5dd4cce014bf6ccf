"""What clients are told: the texts of the answers to their commands.

Knows the wording (the first two are the customer's, of the instruction; the others are in its voice) and how values
are put into it. Refuses to know when a text is sent, and to whom. A text may be replaced by the configuration; the
placeholders it may hold are fixed, and a brace that is not part of one is refused when the configuration is read, not
when a client waits.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from smsd.errors import UsageError

__all__ = [
    "ACCEPTED",
    "FAILED",
    "INFO",
    "PLACEHOLDERS",
    "START",
    "STOP",
    "UNKNOWN",
    "Replies",
    "check",
]

ACCEPTED = "Ваша заявка принята. Дождитесь СМС-уведомления об исполнении запроса."
"""A command has been taken into the queue: one part of 69 UTF-16 units."""
INFO = (
    "ЦЕНТР РЕГИСТРАЦИИ.\n"
    "Персональный код: {code}.\n"
    "КЛИЕНТСКИЙ ПОРТАЛ: имя входа: {login}, пароль: {password}.\n"
    "Никому не сообщайте свои регистрационные данные."
)
"""The result of ``CLIENT info``."""
STOP = "Ваша заявка исполнена. СМС-уведомления и СМС-оповещения отключены."
"""The result of ``CLIENT sms stop``: one part."""
START = "Ваша заявка исполнена. СМС-уведомления и СМС-оповещения включены."
"""The result of ``CLIENT sms start``: one part."""
UNKNOWN = "Ваша заявка не исполнена: номер телефона не зарегистрирован. Обратитесь по телефону 8 (800) 100-31-64."
"""The phone is not a client's: two parts."""
FAILED = "Ваша заявка не исполнена. Повторите запрос позднее или обратитесь по телефону 8 (800) 100-31-64."
"""The request could not be carried out: two parts."""

LONGEST = 670
"""UTF-16 units of a reply: ten parts of 67."""
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "accepted": frozenset(),
    "info": frozenset({"code", "login", "password"}),
    "stop": frozenset(),
    "start": frozenset(),
    "unknown": frozenset(),
    "failed": frozenset(),
}
"""The name of every text, and what may stand in braces in it."""


def check(name: str, text: str) -> str:
    """Return the text when it may stand for the reply ``name``; raise ``UsageError`` saying what is wrong in it."""
    known = PLACEHOLDERS[name]
    if not text.strip():
        raise UsageError("an empty text cannot be sent")
    if (units := len(text.encode("utf-16-be", "replace")) // 2) > LONGEST:
        raise UsageError(f"{units} characters are more than ten parts can carry ({LONGEST})")
    if control := next((each for each in text if each < " " and each != "\n"), None):
        raise UsageError(f"the character U+{ord(control):04X} cannot be read on a phone")
    rest = re.sub("|".join(rf"\{{{each}\}}" for each in known) or r"(?!)", " ", text)
    if brace := re.search(r"\{[^{}]*\}?|\}", rest):
        allowed = ", ".join(f"{{{each}}}" for each in sorted(known)) or "nothing"
        raise UsageError(f"{brace[0]!r} is no placeholder; in braces this text may have {allowed}")
    return text


@dataclass(frozen=True, slots=True)
class Replies:
    """The texts in force, each ready to send but for ``info_template``, which ``info()`` fills.

    ``Replies.of({"stop": "…"})`` replaces some; raises ``UsageError`` for a text that ``check`` refuses.
    """

    accepted: str = ACCEPTED
    info_template: str = INFO
    stop: str = STOP
    start: str = START
    unknown: str = UNKNOWN
    failed: str = FAILED

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> "Replies":
        """Return the replies with some texts replaced, by the names of ``PLACEHOLDERS``."""
        checked = {name: check(name, text) for name, text in texts.items()}
        return cls(**{"info_template" if name == "info" else name: text for name, text in checked.items()})

    def info(self, *, code: str, login: str, password: str) -> str:
        """Return a client's registration data as a text. The values are put in as they are, braces and all."""
        values = {"{code}": code, "{login}": login, "{password}": password}
        # One pass: what a value brings along is never looked at again.
        return re.sub(r"\{(?:code|login|password)\}", lambda found: values[found[0]], self.info_template)

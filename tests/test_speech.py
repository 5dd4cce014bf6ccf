"""People are spoken to in the language of their locale, as gettext chooses it; what was said in English is retold."""

from collections.abc import Iterator

import pytest

from smsd.doctor.process import PortUser
from smsd.speech import Catalogue, _, language, ngettext, plural_form, said, speak

PO = '''
msgid ""
msgstr ""
"Language: ru\\n"

msgid "no room left"
msgstr "нет места"

#. below
msgid "{path}: no such directory; make it"
msgstr "{path}: нет такого каталога; создайте его"

#. below
msgid "{file}: {key}: {what}"
msgstr "{file}, {key}: {what}"

#. below
#, python-brace-format
msgid "{n} part"
msgid_plural "{n} parts"
msgstr[0] "{n} часть"
msgstr[1] "{n} части"
msgstr[2] "{n} частей"

msgid ""
"a long \\"sentence\\"\\n"
"of two lines"
msgstr ""
"длинное «предложение»\\n"
"в две строки"

msgid "nobody has translated this"
msgstr ""

#, python-brace-format
msgid "{n} {why}"
msgstr "{why} {n}"

#. below
msgid "{host} refuses us: {why}"
msgstr "{host} нас не впускает: {why}"

#. below
msgid "{code}: {why} (is it the right password?)"
msgstr "{code}: {why} (тот ли пароль?)"

#. below
msgid "{name}: {why}"
msgstr "{name}: {why}"

#. below
msgid "{money} of {budget} roubles a day"
msgstr "рублей за день: {money} из {budget}"

msgid "the last"
msgstr "последнее"'''


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    speak({})


@pytest.mark.parametrize(
    ("environ", "spoken"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru"}, "ru"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": ""}, "ru"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "ru:en"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LANGUAGE": "en"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LANGUAGE": "de:ru"}, "ru"),
        ({"LANG": "C", "LANGUAGE": "ru"}, "en"),
        ({"LANGUAGE": "ru"}, "en"),
    ],
)
def test_the_language_is_chosen_as_gettext_does(environ: dict[str, str], spoken: str) -> None:
    speak(environ)
    assert language() == spoken


def test_english_is_said_as_it_is_written() -> None:
    assert (_("Commands"), ngettext("{n} part", "{n} parts", 1), said("no room left")) == (
        "Commands",
        "{n} part",
        "no room left",
    )


def test_russian_comes_from_the_catalogue_that_is_shipped() -> None:
    speak({"LANG": "ru_RU.UTF-8"})
    assert _("Commands") == "Команды"
    assert [ngettext("{n} part", "{n} parts", n).format(n=n) for n in (1, 2, 5)] == ["1 часть", "2 части", "5 частей"]
    assert _("nobody has ever said this") == "nobody has ever said this"


@pytest.mark.parametrize(
    ("count", "form"), [(1, 0), (2, 1), (4, 1), (5, 2), (0, 2), (11, 2), (14, 2), (21, 0), (22, 1), (111, 2), (1001, 0)]
)
def test_a_russian_count_takes_one_of_three_forms(count: int, form: int) -> None:
    assert plural_form(count) == form


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        ("no room left", "нет места"),
        ("/var/lib: no such directory; make it", "/var/lib: нет такого каталога; создайте его"),
        ("smsd.toml: [log]: no room left", "smsd.toml, [log]: нет места"),
        ("no room left: no such directory; make it", "нет места: нет такого каталога; создайте его"),
        ("what: {path}: no such directory; make it", "what: {path}: нет такого каталога; создайте его"),
        (
            "centre refuses us: 0x0E: no room left (is it the right password?)",
            "centre нас не впускает: 0x0E: нет места (тот ли пароль?)",
        ),
        ("modem0: 35.00 of 20.00 roubles a day", "modem0: рублей за день: 35.00 из 20.00"),
        ("5 apples", "5 apples"),
        ("5 parts", "5 частей"),
        ("21 parts", "21 часть"),
        ('a long "sentence"\nof two lines', "длинное «предложение»\nв две строки"),
        ("nobody has translated this", "nobody has translated this"),
        ("what nobody knows", "what nobody knows"),
        ("the last", "последнее"),
        ("", ""),
    ],
)
def test_what_was_said_in_english_is_retold(english: str, russian: str) -> None:
    assert Catalogue(PO).retell(english) == russian


def test_who_is_at_a_port_is_told_in_russian() -> None:
    speak({"LANG": "ru_RU.UTF-8"})
    user = PortUser(812, "ModemManager", "/usr/sbin/ModemManager")
    told = said(f"/dev/ttyUSB0 is held by {user}")
    assert told.startswith("/dev/ttyUSB0 занят: процесс 812 (/usr/sbin/ModemManager): забирает модемы")
    assert said(str(PortUser(7, "cat", ""))) == "процесс 7 (cat)"

"""The keys of the API, of webhooks and of templates: what is refused, and in what words."""

from pathlib import Path

import pytest

from smsd.config import parse, read_templates
from smsd.errors import ConfigError

HOOK = '[[webhook]]\nname = "ccs"\nurl = "https://ccs.example.net/hooks/sms"\nsecret_file = "hook"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[api]\nlisten = "0.0.0.0:8025"', "[api] listen: '0.0.0.0:8025' is not of this host alone"),
        ('[api]\nlisten = "192.168.0.5:8025"', "is not of this host alone"),
        ('[api]\nlisten = "example.net:8025"', "is not of this host alone"),
        ('[api]\nlisten = "127.0.0.1"', 'must be "host:port"'),
        ('[api]\nsocket = "api.sock"', "is not a whole path"),
        ("[[webhook]]\n", "url: missing"),
        ('[[webhook]]\nurl = "https://ccs.example.net/"', "secret_file: missing"),
        (HOOK.replace("https", "http"), "must be https, or on this host"),
        (HOOK.replace("https://", "https://user@"), "must be https, or on this host"),
        (HOOK + 'events = ["deliverys"]', "is no kind of event: delivery, opt-out, request; did you mean delivery?"),
        (HOOK + "events = []", "it is empty"),
        (HOOK + HOOK, "two webhooks have it"),
        ("[templates]\nmax_parts = 11", "out of range: 1 to 10"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        parse(text)
    assert words in str(wrong.value)


@pytest.mark.parametrize("listen", ["127.0.0.1:8025", "127.9.9.9:1", "[::1]:8025", "localhost:8025"])
def test_an_address_of_this_host_is_taken(listen: str) -> None:
    assert parse(f'[api]\nlisten = "{listen}"').api.listen == listen


@pytest.mark.parametrize("url", ["https://ccs.example.net/hooks/sms?x=1", "http://127.0.0.1:9/a", "http://[::1]:9"])
def test_a_webhook_is_by_tls_or_on_this_host(url: str) -> None:
    [hook] = parse(HOOK.replace("https://ccs.example.net/hooks/sms", url)).webhooks
    assert (hook.url, hook.events) == (url, ("delivery", "opt-out", "request"))


def test_there_is_no_api_unless_it_has_a_place() -> None:
    assert not parse("").api.wanted
    assert parse('[api]\nsocket = "/var/lib/smsd/api.sock"').api.wanted


# --- templates --------------------------------------------------------------------------------------------------------


def test_templates_are_read_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "order-ready.txt").write_text("\ufeffЗаказ {order} готов.", "utf-8")
    (tmp_path / "notes.md").write_text("{")
    found = read_templates(tmp_path, 4)
    assert list(found) == ["order-ready"]
    assert found["order-ready"].text == "Заказ {order} готов."
    assert read_templates(None, 4) == {}


@pytest.mark.parametrize(
    ("name", "octets", "words"),
    [
        ("a.txt", b"Hello {name", "a.txt: a '{' in the text belongs to no placeholder"),
        ("a.txt", b"\xff", "a.txt: octet 0 is not UTF-8"),
        ("A.txt", b"text", "A.txt: 'A' is no name of a template"),
        ("a.txt", b"x" * 70_000, "a.txt: more than 65536 octets"),
        ("a.txt", ("ж" * 400).encode(), "a.txt: it makes 6 parts with typical values; 4 at most"),
    ],
)
def test_a_template_that_is_wrong_is_named(tmp_path: Path, name: str, octets: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(octets)
    with pytest.raises(ConfigError) as wrong:
        read_templates(tmp_path, 4)
    assert words in str(wrong.value)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere: the templates cannot be read: No such file"):
        read_templates(tmp_path / "nowhere", 4)

"""The keys of the directory: what is refused, in words."""

import pytest

from smsd.config import parse
from smsd.errors import ConfigError

URL = 'url = "https://ssk.example.net/smsd/v1/"\n'


def test_a_directory_over_http_is_read() -> None:
    keys = parse("[directory]\n" + URL + 'token_file = "ssk.token"\ndeadline_minutes = 90').directory
    assert keys.url == "https://ssk.example.net/smsd/v1"
    assert keys.deadline.total_seconds() == 5400


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/smsd", "http://[::1]:8080", "https://ssk", "http://localhost/a/b"]
)
def test_addresses_that_may_be_asked(url: str) -> None:
    assert parse(f'[directory]\nurl = "{url}"').directory.url == url


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ('url = "http://ssk.example.net/smsd"', "url: 'http://ssk.example.net/smsd' is no address to ask"),
        ('url = "https://ssk:secret@ssk.example.net"', "is no address to ask"),
        ('url = "https://ssk.example.net/smsd?token=1"', "is no address to ask"),
        ('url = "ssk.example.net"', "write it like https://ssk.example.net/smsd/v1"),
        (URL + "attempts = 8", "attempts: 8 attempts of 5 + 10 s take 120 s: at most 100 s for one question"),
        (URL + "breaker_seconds = 90", "breaker_most_seconds: must be at least breaker_seconds, 90"),
        ('token_file = "ssk.token"', "url: missing: token_file and ca_file are for"),
        (URL + "timeout = 3", "timeout: unknown key; did you mean timeout_seconds?"),
        (URL + "deadline_minutes = 0", "deadline_minutes: 0 is out of range: 1 to 10080"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(keys: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"[directory]\n{keys}")
    assert "[directory]" in str(caught.value)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)

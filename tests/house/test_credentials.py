"""The guide's table of credentials names every key that names a file with a secret, and no other."""

import re
from pathlib import Path

import pytest

from smsd.config import describe, parse
from smsd.config.keys import ARRAYS

GUIDES = Path(__file__).parents[2] / "docs" / "how-to"
PUBLIC = {"ca_file", "profile_file"}
"""Keys that name files which are nobody's secret."""
ROW = re.compile(
    r'^\| `([\w.-]+)` \| `(\w+) = "credentials/([\w.-]+)"` (?:in|в) `(\[\[?\w+\]\]?)` \| .+ \|$', re.MULTILINE
)


def test_a_key_that_names_a_file_is_a_secret_or_known_to_be_none() -> None:
    files = {key.name for key in describe() if key.kind == "Path" and key.name.endswith("_file")}
    secrets = {key.name for key in describe() if key.secret}
    assert files - secrets == PUBLIC
    assert secrets <= files


@pytest.mark.parametrize("page", ["install-on-a-host.md", "install-on-a-host-ru.md"])
def test_the_table_of_credentials_has_every_secret(page: str) -> None:
    rows = ROW.findall((GUIDES / page).read_text("utf-8"))
    secrets = [key for key in describe() if key.secret]
    written = {(key.name, f"[[{key.table}]]" if key.table in ARRAYS else f"[{key.table}]") for key in secrets}
    assert {(name, table) for _, name, _, table in rows} == written
    assert len(rows) == len(written)
    assert all(file == value for file, _, value, _ in rows)


def test_every_secret_is_among_the_files_that_the_doctor_looks_at() -> None:
    lines = [
        "[[modem]]\ndevice = '/dev/m'\npin_file = 'a'",
        "[[smpp]]\nhost = 'h'\npassword_file = 'b'",
        "[[http]]\nprofile = 'smsc-ru'\npassword_file = 'c'\nwebhook_token_file = 'd'",
        "[directory]\nurl = 'http://127.0.0.1:1'\nkey_file = 'e'\ntoken_file = 'f'",
        "[[webhook]]\nurl = 'http://127.0.0.1:1'\nsecret_file = 'g'",
    ]
    found = parse("\n".join(lines), Path("/etc/smsd/smsd.toml")).secret_files
    assert sorted((name, file.name) for name, file in found) == [
        ("directory", "e"), ("directory", "f"), ("http0", "c"), ("http0", "d"),
        ("modem0", "a"), ("smpp0", "b"), ("webhook0", "g"),
    ]  # fmt: skip
    assert len(found) == sum(key.secret for key in describe())

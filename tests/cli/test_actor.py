"""Who gives a command, and what it is about: names and masks, never a text or a whole number."""

import os
import pwd
from pathlib import Path

import pytest

from smsd.cli.actor import about, who


def test_a_user_is_known_by_his_name(monkeypatch: pytest.MonkeyPatch) -> None:
    name = pwd.getpwuid(os.getuid()).pw_name
    assert who({}) == name
    monkeypatch.setattr("os.getuid", lambda: 54321)
    assert who({"SUDO_USER": "ivan"}) == "user 54321"


def test_who_became_root_is_known_by_both_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 0)
    assert who({"SUDO_USER": "ivan"}) == "root (sudo: ivan)"
    assert who({"SUDO_USER": "root"}) == "root"
    assert who({}) == "root"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"phone": "8 916 123-45-67", "text": "Секрет", "yes": True}, "+7916•••67"),
        ({"phone": "nonsense 12"}, "•••12"),
        ({"message_id": 42}, "message 42"),
        ({"inbox_id": 17, "as_json": True}, "inbox 17"),
        ({"file": Path("/home-of/ivan/clients.csv")}, "file clients.csv"),
        ({"phones": (), "everybody": False}, ""),
        ({"phones": ("89161234567",), "everybody": True}, "+7916•••67, all clients"),
        ({"phones": ("89161234567", "89161234568", "89161234569")}, "+7916•••67 and 2 more"),
        ({"phone": None, "code": "1733", "login": "ivanov", "name": "Иванов"}, ""),
        ({}, ""),
    ],
)
def test_only_what_may_be_known_is_told(parameters: dict[str, object], words: str) -> None:
    assert about(parameters, "RU") == words

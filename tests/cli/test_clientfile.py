"""The CSV file of clients: the ways it is written, and complaints that name the line and never a value."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.cli.clientfile import read_clients
from smsd.desk import Fault, NewClient
from smsd.errors import UsageError

HEADER = "phone,code,login,password"


def read(path: Path, text: str | bytes) -> list[tuple[int, NewClient | Fault]]:
    """Write a file and read it."""
    file = path / "clients.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_clients(file)


@pytest.mark.parametrize(
    "text",
    [
        "phone,code,login,password,name\n8916,1,a,b c,Имя\n",
        "\ufeffphone,code,login,password,name\r\n8916,1,a,b c,Имя\r\n",
        "Phone; Code ;login;password;name\n8916;1;a;b c;Имя",
        'name,password,login,code,phone\n"Имя","b c","a","1","8916"\n\n',
    ],
)
def test_every_usual_way_of_writing_is_understood(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == [(2, NewClient("8916", "1", "a", "b c", "Имя"))]


@pytest.mark.parametrize(("wish", "meant"), [("yes", True), ("NO", False), ("", None), ("0", False), ("true", True)])
def test_a_wish_is_a_word(tmp_path: Path, wish: str, meant: bool | None) -> None:
    [(_, entry)] = read(tmp_path, f"{HEADER},subscribed\n1,2,3,4,{wish}\n")
    assert isinstance(entry, NewClient)
    assert entry.subscribed is meant


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    entries = read(tmp_path, f'{HEADER}\n1,1,1,1\n\n1,"two\nlines",1,1\n1,1\n1,1,1,1\n')
    assert [line for line, _ in entries] == [2, 4, 6, 7]
    assert [line for line, entry in entries if isinstance(entry, Fault)] == [6]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1 must name the columns"),
        ("8916,1,a,secret\n", "line 1 must name the columns"),
        ("phone,code,login\n1,2,3\n", "no column password"),
        (f"{HEADER},adress\n", "unknown column 'adress'"),
        (f"{HEADER},phone\n", "a column is named twice"),
        (f"{HEADER}\n", "only a header"),
        (f"{HEADER}\n1,2,3,4\n".encode("utf-16"), "line 1 is not UTF-8"),
        (HEADER.encode() + b"\n1,2,3,4\n1,2,3,\xcf\xe0\xf0\n", "line 3 is not UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_clients(tmp_path / "none.csv")


@pytest.mark.parametrize("row", ['1,1,1,"sec"ret', '1,1,1,"secret', "1,1,secret", "1,1,1,secret,1,1", "1,1,1,1,secret"])
def test_a_complaint_never_quotes(tmp_path: Path, row: str) -> None:
    [(line, fault)] = read(tmp_path, f"{HEADER},subscribed\n{row}\n")
    assert isinstance(fault, Fault)
    assert line == fault.line == 2
    assert "sec" not in fault.reason


@given(text=st.text(alphabet='1,;\n"x\r\0 \u2028', max_size=100))
def test_whatever_follows_the_header_is_a_client_or_a_fault(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    entries = read(tmp_path_factory.getbasetemp(), f"{HEADER}\n1,2,3,4\n{text}")
    assert entries[0] == (2, NewClient("1", "2", "3", "4"))
    assert [line for line, _ in entries] == sorted(line for line, _ in entries)
    assert all(entry.line == line for line, entry in entries if isinstance(entry, Fault))

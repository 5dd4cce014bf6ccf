"""The CSV file of an alert: columns become values, consents are told apart, what is no CSV is refused whole."""

from pathlib import Path

import pytest

from smsd.cli.alertfile import AlertFile
from smsd.errors import UsageError
from smsd.rules.alerts import Candidate


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_columns_are_values_but_for_phone_and_consent(tmp_path: Path, delimiter: str, begin: str) -> None:
    lines = [
        "name,Phone,consent_at,сумма,consent_source",
        '"Иванов ""И""",89160000001,2026-01-05,100,договор',
        ",,,,",
        "",
    ]
    path = written(tmp_path, begin + "\r\n".join(lines).replace(",", delimiter))
    file = AlertFile(path)
    assert file.columns == ("name", "сумма")
    [found] = file.candidates()
    assert (found.phone, found.consent_at, found.consent_source) == ("89160000001", "2026-01-05", "договор")
    assert (found.values["name"], found.values["сумма"]) == ('Иванов "И"', "100")


def test_a_time_zone_is_no_value_but_where_somebody_sleeps(tmp_path: Path) -> None:
    file = AlertFile(written(tmp_path, "phone,timezone\n1,Asia/Omsk\n2,\n"))
    assert file.columns == ()
    assert [each.timezone for each in file.candidates()] == ["Asia/Omsk", ""]


def test_a_file_is_read_anew_for_every_use(tmp_path: Path) -> None:
    file = AlertFile(written(tmp_path, "phone\n89160000001\n"))
    assert list(file.candidates()) == list(file.candidates()) == [Candidate("89160000001", {"phone": "89160000001"})]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1 must name the columns"),
        ("name,sum\nИван,1\n", "line 1 must name the columns, and one of them phone"),
        ("phone,name,name\n", "a column is named twice, or not at all"),
        ("phone,name,\n1,2,3\n", "a column is named twice, or not at all"),
        ("phone,name\n1,2\n3\n", "line 3: 1 values for 2 columns"),
        ('phone,name\n1,"2\n', "not CSV"),
        ("phone,timezone\n1,Europe/Moskva\n", "line 2: 'Europe/Moskva' is no time zone"),
        ("phone,name\n1,Имя\n".encode("cp1251"), "not UTF-8"),
    ],
)
def test_what_is_no_csv_is_refused_by_its_line(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        list(AlertFile(written(tmp_path, text)).candidates())
    assert why in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        AlertFile(tmp_path / "none.csv")

"""The JSON of a client: understood as documented, or refused by the name of the field, and never quoted."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.directory import Registration
from smsd.directory.answer import NotJsonError, parse, registration
from smsd.errors import DirectoryError
from tests.directory.house import OTHER, PHONE

GOOD: dict[str, Any] = {
    "phone": PHONE, "code": "0042", "login": "ivanov", "password": "Xq7vRk29", "name": "Иванов", "subscribed": True,
}  # fmt: skip


def test_fields_that_may_be_absent_may_be_null_as_well() -> None:
    bare = Registration("0042", "ivanov", None)
    for rest in ({}, {"password": None, "name": None, "subscribed": None}):
        assert registration({"phone": PHONE, "code": "0042", "login": "ivanov", **rest}, PHONE) == bare


def test_fields_that_nobody_knows_are_let_be() -> None:
    assert registration({**GOOD, "manager": {"id": 7}}, PHONE) == registration(GOOD, PHONE)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"code": 42}, "field code: must be a string, not a number"),
        ({"code": None}, "field code: must be a string, not null"),
        ({"code": "  "}, "field code: is empty"),
        ({"login": ["ivanov"]}, "field login: must be a string, not a list"),
        ({"login": "x" * 161}, "field login: has 161 characters, at most 160 are taken"),
        ({"password": "Xq7v\nRk29"}, "field password: holds a character that no phone can show"),
        ({"password": ""}, "field password: is empty"),
        ({"password": True}, "field password: must be a string, not true or false"),
        ({"name": {}}, "field name: must be a string, not an object"),
        ({"subscribed": "yes"}, "field subscribed: must be true or false, not a string"),
        ({"subscribed": 0}, "field subscribed: must be true or false, not a number"),
        ({"phone": OTHER}, "field phone: is not the number that was asked for"),
    ],
)
def test_a_field_that_is_wrong_is_named(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DirectoryError) as caught:
        registration({**GOOD, **change}, PHONE)
    assert str(caught.value) == complaint


@pytest.mark.parametrize("field", ["phone", "code", "login"])
def test_a_field_that_is_missing_is_named(field: str) -> None:
    rest = {name: value for name, value in GOOD.items() if name != field}
    with pytest.raises(DirectoryError, match=f"field {field}: missing"):
        registration(rest, PHONE)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"ivanov"', b"{", b"\xff", b"<html>", b"[" * 100_000])
def test_what_is_no_object_is_not_json(body: bytes) -> None:
    with pytest.raises(NotJsonError):
        parse(body)


@given(st.binary(max_size=200))
def test_octets_of_any_kind_are_an_object_or_refused(body: bytes) -> None:
    with contextlib.suppress(NotJsonError):
        assert isinstance(parse(body), dict)


_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 7, 1.5, "", " ", "\0", "x" * 200, OTHER, [], ["Xq7vRk29"], {}, {"a": {"b": []}}]
)


@given(st.dictionaries(st.sampled_from([*GOOD, "other"]), _VALUES))
def test_a_complaint_never_quotes_a_value(answer: dict[str, Any]) -> None:
    complaint = "field"
    try:
        registration(parse(json.dumps({**GOOD, **answer}).encode()), PHONE)
    except DirectoryError as error:
        complaint = str(error)
    assert complaint.startswith("field")
    assert "Xq7vRk29" not in complaint

"""Shapes: what fits passes, the first thing that does not is named with its place."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.api.problem import Problem
from smsd.api.shapes import check, decode, either, listing, mapping, record, text

SHAPE = record(
    "A thing.",
    ["name"],
    name=text("Its name.", longest=5),
    kind=either("Its kind.", "big", "small"),
    tags=listing("Its tags.", text("A tag.", longest=3), most=2),
    more=mapping("More.", {"type": "integer"}, most=1),
    good={"type": "boolean"},
)


@pytest.mark.parametrize(
    "value", [{"name": "a"}, {"name": "a", "kind": "big", "tags": ["x"], "more": {"y": 1}, "good": True}]
)
def test_what_fits_passes(value: dict[str, Any]) -> None:
    check(SHAPE, value)


@pytest.mark.parametrize(
    ("value", "place", "words"),
    [
        ({}, "/name", "is missing"),
        (5, "/", "must be an object, not a whole number"),
        ({"name": ""}, "/name", "is empty"),
        ({"name": "abcdef"}, "/name", "has 6 characters; 5 at most"),
        ({"name": "a", "kind": "blue"}, "/kind", "none of the words"),
        ({"name": "a", "tags": ["x", "y", "z"]}, "/tags", "has 3 entries; 2 at most"),
        ({"name": "a", "tags": ["x", 1.5]}, "/tags/1", "not a number"),
        ({"name": "a", "more": {"x": True}}, "/more/x", "must be a whole number, not true or false"),
        ({"name": "a", "more": {"x": 1, "y": 2}}, "/more", "2 members"),
        ({"name": "a", "good": 1}, "/good", "must be true or false"),
        ({"name": "a", "nmae": "b"}, "/nmae", "is not known"),
    ],
)
def test_what_does_not_is_named(value: Any, place: str, words: str) -> None:
    with pytest.raises(Problem) as wrong:
        check(SHAPE, value)
    assert (wrong.value.status, wrong.value.field) == (422, place)
    assert words in wrong.value.detail
    assert wrong.value.cure


@given(st.binary(max_size=60))
def test_any_octets_are_json_or_a_problem(octets: bytes) -> None:
    with contextlib.suppress(Problem):
        decode(octets)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda each: st.lists(each)
                    | st.dictionaries(st.text(), each), max_leaves=8))  # fmt: skip
def test_any_value_fits_or_is_a_problem(value: Any) -> None:
    with contextlib.suppress(Problem):
        check(SHAPE, value)

"""Whatever is sent to whichever operation: it is answered as documented, never by a fault of ours."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsd.api.app import OPERATIONS
from tests.api.house import PHONE, Face

UNTROUBLED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
TAKING = [each for each in OPERATIONS if each.takes is not None]
SIMPLE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
ANYTHING = st.recursive(
    SIMPLE,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=9), each, max_size=3),
    max_leaves=6,
)


def nearly(shape: Any) -> st.SearchStrategy[Any]:
    """Make values that fit a shape, more or less."""
    made: st.SearchStrategy[Any]
    match shape["type"]:
        case "string":
            made = st.sampled_from(
                [PHONE, "order-ready", "", "2030-01-01T00:00:00Z", "{name}", "a\u0000", "\U0001f600"]
            )
            made |= st.text(max_size=30)
        case "array":
            made = st.lists(nearly(shape["items"]), max_size=3)
        case "object":
            made = _object(shape)
        case "boolean":
            made = st.booleans()
        case _:
            made = st.integers()
    return st.one_of(made, made, made, ANYTHING)


def _object(shape: Any) -> st.SearchStrategy[Any]:
    if "properties" not in shape:
        return st.dictionaries(
            st.sampled_from(["order", "sum", "x"]), nearly(shape["additionalProperties"]), max_size=3
        )
    members = {name: nearly(each) for name, each in shape["properties"].items()}
    return st.fixed_dictionaries({}, optional=members)


CALLS = st.sampled_from(TAKING).flatmap(lambda each: st.tuples(st.just(each), nearly(each.takes)))


@settings(max_examples=150, suppress_health_check=UNTROUBLED)
@given(call=CALLS, key=st.none() | st.text("ab\"'!~", max_size=4))
async def test_any_body_is_answered_as_documented(face: Face, call: Any, key: str | None) -> None:
    operation, body = call
    answer = await face.post(operation.path, body, key=key)
    documented = {status for status, _, _ in operation.answers} | {400, 408, 413, 415, 422}
    assert answer.status_code in documented, answer.text
    if answer.status_code >= 400:
        told = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(told) <= {"type", "title", "status", "detail", "field", "cure"}


@settings(max_examples=60, suppress_health_check=UNTROUBLED)
@given(place=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/?#%"), min_size=1, max_size=30)
       | st.integers().map(str))  # fmt: skip
async def test_any_place_is_answered_as_documented(face: Face, place: str) -> None:
    for way in ("notifications", "alerts", "templates", "subscriptions"):
        answer = await face.near.get(f"/v1/{way}/{place}")
        assert answer.status_code in {200, 404, 405, 422}, answer.text

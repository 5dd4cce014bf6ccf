"""The vocabulary: a text becomes parts and parts become the text again."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd import sms
from smsd.errors import PduError
from smsd.sms import Verdict, join, segments
from smsd.wire.userdata import UserData


def bodies(parts: tuple[UserData, ...]) -> list[tuple[str, bytes | None]]:
    """Return parts as the inbox keeps them: a text, and its octets when it is UCS2."""
    return [(part.text or "", part.data if part.alphabet.name == "UCS2" else None) for part in parts]


@given(st.text(max_size=700), st.integers(0, 255))
def test_a_text_cut_into_parts_is_joined_again(text: str, reference: int) -> None:
    parts = segments(text, reference)
    assert join(bodies(parts)) == text
    numbers = [part.concatenation for part in parts]
    if len(parts) == 1:
        assert numbers == [None]
    else:
        assert [(n.reference, n.total, n.sequence) for n in numbers if n] == [
            (reference, len(parts), sequence) for sequence in range(1, len(parts) + 1)
        ]


@given(st.text(max_size=300), st.integers(0, 255))
def test_the_same_text_and_reference_give_the_same_parts(text: str, reference: int) -> None:
    """A message resumed after a crash continues with what its first part announced."""
    try:
        first = segments(text, reference)
    except PduError:
        with pytest.raises(PduError):
            segments(text, reference)
    else:
        assert segments(text, reference) == first


@given(st.text(max_size=200), st.integers(0, 255), st.integers(0, 255))
def test_the_reference_changes_neither_number_nor_text_of_parts(text: str, one: int, other: int) -> None:
    """The number of parts is stored when the message is queued; its reference is drawn when it is first claimed."""
    assert [part.text for part in segments(text, one)] == [part.text for part in segments(text, other)]


def test_the_acknowledgement_is_one_part() -> None:
    assert len(segments("Ваша заявка принята. Дождитесь СМС-уведомления об исполнении запроса.", 0)) == 1


def test_a_text_of_more_than_255_parts_is_refused() -> None:
    assert len(segments("я" * 67 * 255, 0)) == 255
    with pytest.raises(PduError):
        segments("я" * (67 * 255 + 1), 0)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([], ""),
        ([("a", None), ("б", b"\x04\x31")], "aб"),
        ([("�", b"\xd8\x3d"), ("�", b"\xde\x42")], "🙂"),
        ([("�", b"\xd8\x3d"), ("a", b"\x00a")], "�a"),
        ([("�", b"\xd8\x3d")], "�"),
        ([("?", b"\x04")], "�"),
    ],
)
def test_join_never_leaves_half_a_pair(parts: list[tuple[str, bytes | None]], text: str) -> None:
    joined = join(parts)
    assert joined == text
    joined.encode("utf-8")


@given(st.lists(st.tuples(st.just(""), st.binary(max_size=20))))
def test_join_takes_any_octets(parts: list[tuple[str, bytes | None]]) -> None:
    join(parts).encode("utf-8")


def test_values_cannot_be_changed_behind_anybodys_back() -> None:
    classes = [each for name in sms.__all__ if dataclasses.is_dataclass(each := getattr(sms, name))]
    assert len(classes) >= 9
    for each in classes:
        assert each.__dataclass_params__.frozen  # type: ignore[union-attr]
        assert "__dict__" not in dir(each), "slots"


def test_every_verdict_says_what_it_means() -> None:
    assert {verdict.name for verdict in Verdict} == {"SOON", "LATER", "ONCE_MORE", "NEVER", "ROUTE"}

"""The standard's numbers have their names, and others remain numbers."""

from smsd.wire.smpp.tables import RESPONSE, Command, Status, Tag, status_text, tlv


def test_every_answer_is_its_command_with_the_top_bit() -> None:
    answers = [command for command in Command if command.name.endswith("_RESP")]
    assert len(answers) == 12
    for answer in answers:
        assert Command[answer.name.removesuffix("_RESP")] | RESPONSE == answer


def test_statuses_are_said_in_words_whatever_they_are() -> None:
    assert status_text(Status.INVALID_SOURCE_ADDRESS) == "invalid source address"
    assert status_text(0x401) == "an error of the operator's own"
    assert status_text(0x90) == "an error the standard reserves"


def test_the_first_of_several_equal_tlvs_counts() -> None:
    assert tlv(((Tag.MESSAGE_STATE, b"\1"), (Tag.MESSAGE_STATE, b"\2")), Tag.MESSAGE_STATE) == b"\1"
    assert tlv((), Tag.MESSAGE_STATE) is None

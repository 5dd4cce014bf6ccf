"""The page of errors: its tree is the classes' own, and its exit codes are the documented ones."""

import re

from smsd import errors

LINE = re.compile(r"^( *)\* ``(\w+)``", re.MULTILINE)


def test_the_tree_on_the_page_is_that_of_the_classes() -> None:
    path: list[str] = []
    for indent, name in LINE.findall(errors.__doc__ or ""):
        depth = len(indent) // 4
        path[depth:] = [name]
        parent = path[depth - 1] if depth else "Exception"
        assert getattr(errors, name).__bases__[0].__name__ == parent, name


def test_the_tree_names_every_error_once() -> None:
    assert sorted(name for _, name in LINE.findall(errors.__doc__ or "")) == sorted(errors.__all__)
    defined = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert defined == set(errors.__all__)


def test_exit_codes_told_on_the_page_are_those_of_the_classes() -> None:
    told = re.findall(r"``(\w+)``[^*]*?exit code (\d+)\)", errors.__doc__ or "")
    assert len(told) == 5
    for name, code in told:
        assert getattr(errors, name).exit_code == int(code), name


def test_there_are_no_other_exit_codes_than_the_interface_has() -> None:
    assert {getattr(errors, name).exit_code for name in errors.__all__} == {1, 2, 69, 75, 78}

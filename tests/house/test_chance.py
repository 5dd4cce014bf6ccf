"""Nothing here is drawn by lot: the same examples are tried on every machine, in whatever order the tests run."""

import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import SEARCHES


def examples() -> list[tuple[int, str]]:
    """Return what a property is tried with."""
    seen: list[tuple[int, str]] = []

    @given(st.integers(), st.text())
    def drawn(number: int, text: str) -> None:
        seen.append((number, text))

    drawn()
    return seen


@pytest.mark.skipif(SEARCHES, reason="new examples are searched for")
def test_the_examples_are_the_same_whatever_ran_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = examples()
    module = ModuleType("somewhere")
    source = tmp_path / "constants.py"
    source.write_text("".join(f"A{n} = {n * 7919}; B{n} = 'word {n}'\n" for n in range(200)))
    module.__file__ = str(source)
    monkeypatch.setitem(sys.modules, "somewhere", module)
    assert examples() == before

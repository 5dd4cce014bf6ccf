"""What the documentation takes from the code is what the code says now, and every row has its sentence."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from smsd.rules import outbox, requests

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """Return docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_page_is_out_of_date(generate: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().out


def test_every_row_says_what_it_means() -> None:
    for page in ("states", "exit-codes", "log-events"):
        unexplained = [line for line in (DOCS / "reference" / f"{page}.md").read_text("utf-8").splitlines()
                       if line.endswith("| — |")]  # fmt: skip
        assert unexplained == [], f"write a sentence into docs/reference/{page}.md"


def test_a_missing_block_is_told(generate: ModuleType) -> None:
    with pytest.raises(ValueError, match="no block 'codes'"):
        generate.rewritten("# A page without blocks\n", {"codes": generate.exit_codes})


def test_every_transition_is_drawn_once(generate: ModuleType) -> None:
    page = (DOCS / "explanation" / "delivery.md").read_text("utf-8")
    for before, following in outbox.TRANSITIONS.items():
        for after in following:
            assert page.count(f"    {before} --> {after}: ") == 1
    assert len(list(generate.arrows(requests.TRANSITIONS))) == sum(map(len, requests.TRANSITIONS.values()))


def test_every_event_in_the_code_is_found(generate: ModuleType) -> None:
    found = generate.events()
    levels, modules, fields = found["in_doubt"]
    assert levels == {"warning"}
    assert all(module.startswith("gateway") for module in modules)
    assert {"message_id", "part"} & found["submitting"][2]
    assert "why" in fields
    assert all(name == name.lower() and " " not in name for name in found)

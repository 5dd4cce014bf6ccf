"""The sources: what each file must have, and what none may have."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "smsd"
LONGEST = 500
LONG: dict[str, str] = {}
"""Files that may be longer, each with its reason."""

UNTESTED_BY_NAME: dict[str, str] = {}
"""Modules without a test file of their name, each with the place that tests it."""

NOT_OURS = re.compile(
    r"/(?:home|root|work|farm|Users)/|\b(?:issue|ticket) #\d|\bas (?:requested|instructed)\b|co-authored-by"
    r"|\bTODO\b|\bFIXME\b",
    re.IGNORECASE,
)


def sources(*folders: str) -> list[Path]:
    """Return every Python file of some folders."""
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def texts() -> Iterator[Path]:
    """Return every file that somebody wrote."""
    kept = {".py", ".md", ".sql", ".toml", ".txt", ".service", ".rules", ".csv", ""}
    for file in sorted(ROOT.rglob("*")):
        inside = file.relative_to(ROOT).parts
        generated = any((part.startswith(".") and part != ".ci") or part in {"build", "dist"} for part in inside)
        if not generated and file.is_file() and file.suffix in kept and file != Path(__file__):
            yield file


def test_no_file_is_long_without_a_reason() -> None:
    lengths = {file: len(file.read_text("utf-8").splitlines()) for file in sources("smsd", "tests", "docs")}
    long = {str(file.relative_to(ROOT)) for file, lines in lengths.items() if lines > LONGEST}
    assert long == set(LONG)


def public(body: list[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return what a module or a class lets others use, functions within functions left out."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            if any(isinstance(each, ast.Attribute) and each.attr == "setter" for each in node.decorator_list):
                continue  # its property has said it
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def test_everything_public_says_what_it_is() -> None:
    trees = {str(file.relative_to(ROOT)): ast.parse(file.read_text("utf-8")) for file in sources("smsd")}
    silent = [name for name, tree in trees.items() if not ast.get_docstring(tree)]
    silent += [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in trees.items()
        for node in public(tree.body)
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_module_has_a_test_of_its_name() -> None:
    missing = set()
    for file in sources("smsd"):
        module = file.relative_to(PACKAGE)
        if file.name in {"__init__.py", "__main__.py"}:
            continue
        if not (ROOT / "tests" / module.with_name(f"test_{file.name}")).exists():
            missing.add(str(module))
    assert missing == set(UNTESTED_BY_NAME)


def test_no_file_speaks_of_the_place_it_was_written_at() -> None:
    for file in texts():
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            assert not NOT_OURS.search(line), f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"

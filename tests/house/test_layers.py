"""Who may import whom: the contracts of pyproject.toml hold, and each of them can fail."""

import ast
import graphlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import smsd

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]

TRESPASSES = {
    "smsd/store/bell.py": "import smsd.gateway",
    "smsd/routes/__init__.py": "import smsd.vault",
    "smsd/directory/__init__.py": "import smsd.store",
    "smsd/gateway.py": "import smsd.routes.modem",
    "smsd/rules/routing_invented.py": "import time",
    "smsd/api/problem.py": "import smsd.gateway",
    "smsd/daemon/routes.py": "import smsd.simulator",
    "smsd/systemd.py": "import serial",
    "smsd/log.py": "import sqlite3",
    "smsd/vault.py": "import httpx",
    "smsd/config/key.py": "import smsd.speech",
}
"""A line for some file each, so that together they break every contract there is."""


def lint(root: Path) -> tuple[int, str]:
    """Let import-linter look at the package in ``root``; return its exit code and what it says, unwrapped."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=root, capture_output=True, text=True, check=False, env={"COLUMNS": "400"}
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the package that may be spoilt."""
    shutil.copytree(ROOT / "smsd", tmp_path / "smsd", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept() -> None:
    code, said = lint(ROOT)
    assert code == 0, said


def test_every_contract_can_be_broken(copy: Path) -> None:
    for name, line in TRESPASSES.items():
        file = copy / name
        file.write_text((file.read_text("utf-8") if file.exists() else "") + f"\n{line}\n", "utf-8")
    code, said = lint(copy)
    broken = {contract["name"] for contract in CONTRACTS if f"{contract['name']} BROKEN" in said}
    assert (code, broken) == (1, {contract["name"] for contract in CONTRACTS}), said


def test_the_map_and_the_page_name_every_layer() -> None:
    (layers,) = (contract["layers"] for contract in CONTRACTS if contract["id"] == "layers")
    names = [name for line in layers for name in re.findall(r"\w+", line) if name != "__main__"]
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
    cells = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    assert re.findall(r"\w+", " ".join(cells)) == names
    _, _, order = (smsd.__doc__ or "").partition("imports only what stands below it:")
    assert re.findall(r"\w+", order) == names


def test_a_module_without_a_layer_fails(copy: Path) -> None:
    (copy / "smsd" / "utils.py").touch()
    code, said = lint(copy)
    assert code != 0
    assert re.search(r"smsd\.utils|\butils\b", said), said


def imported(tree: ast.AST, module: str, modules: set[str]) -> Iterator[str]:
    """Return the modules of ours that a module names, be it for the type checker alone: who reads it meets both."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            whole = {f"{node.module}.{each.name}" for each in node.names}
            found = {name if name in modules else node.module for name in whole} & modules
            yield from found - {module}
        yield from imported(node, module, modules)


def test_no_module_needs_itself() -> None:
    files = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in (ROOT / "smsd").rglob("*.py")
    }
    modules = set(files)
    needs = {name: set(imported(ast.parse(file.read_text("utf-8")), name, modules)) for name, file in files.items()}
    assert needs["smsd.cli.watch"] >= {"smsd.cli.snapshot"}
    graphlib.TopologicalSorter(needs).prepare()


def test_a_circle_would_be_seen() -> None:
    tree = ast.parse("if TYPE_CHECKING:\n    from smsd.a import x\ndef f():\n    from smsd.b import y")
    assert list(imported(tree, "smsd.c", {"smsd.a", "smsd.b"})) == ["smsd.a", "smsd.b"]

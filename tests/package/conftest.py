"""The package that ``make deb`` made, and a bare Debian to install it on; only where both are asked for."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.package.root import Root, build_base, unable, unreachable

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def package() -> Path:
    """The .deb that SMSD_PACKAGE names."""
    named = os.environ.get("SMSD_PACKAGE")
    if not named:
        pytest.skip("the package is not tried: 'make package' makes it and sets SMSD_PACKAGE")
    return (ROOT / named).resolve()


@pytest.fixture(scope="module")
def debian(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    """A bare Debian with the package's file in /opt, nothing installed yet."""
    if hindrance := unable() or unreachable():
        pytest.skip(f"the package is not installed anywhere: {hindrance}")
    build_base()
    root = Root(tmp_path_factory.mktemp("debian") / "root")
    try:
        shutil.copy(package, root.path / "opt" / "smsd.deb")
        yield root
    finally:
        root.remove()

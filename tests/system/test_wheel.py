"""The wheel that ``pip install .`` makes, installed where the source tree is out of sight."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("graphmem", "graphmem_ingest", "graphmem_queries")


def _run(*command: str | Path, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir")
    _run(sys.executable, "-m", "pip", "wheel", *options, folder, ROOT, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, which finds the dependencies where this one has them."""
    folder = tmp_path_factory.mktemp("venv")
    _run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    site = Path(
        _run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=folder).strip()
    )
    # A line of a .pth file puts a folder on the path, but does not run the .pth files in it: the
    # editable install of the tree stays unknown.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    options = ("--quiet", "--no-deps", "--no-index")
    _run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=folder)
    return folder


def test_the_wheel_holds_all_that_is_in_the_tree(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        meta = {name.split("/", 1)[1] for name in archive.namelist() if ".dist-info/" in name}
    folders = (
        ROOT / "graphmem",
        ROOT / "ingest/graphmem_ingest",
        ROOT / "queries/graphmem_queries",
    )
    expected = {
        str(path.relative_to(folder.parent))
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == expected
    assert {f"{package}/py.typed" for package in PACKAGES} <= held
    assert any(name.endswith(".cypher") for name in held)
    assert "licenses/LICENSE" in meta


def test_the_packages_come_from_the_wheel_and_not_from_the_tree(installed: Path) -> None:
    script = "import {0}; print({0}.__file__)"
    for package in PACKAGES:
        place = _run(installed / "bin/python", "-c", script.format(package), cwd=installed).strip()
        assert Path(place).is_relative_to(installed)


def test_the_command_works_with_those_of_the_other_packages(installed: Path) -> None:
    help_text = _run(installed / "bin/graphmem", "--help", cwd=installed)
    assert {"ingest", "search", "cypher"} <= set(help_text.split())


def test_the_named_queries_are_found(installed: Path) -> None:
    listed = _run(installed / "bin/graphmem", "cypher", "--list", cwd=installed)
    names = {path.stem for path in (ROOT / "queries").rglob("*.cypher")}
    assert names
    assert all(name in listed for name in names)


def test_a_type_checker_sees_the_installed_types(installed: Path, tmp_path: Path) -> None:
    user = tmp_path / "user.py"
    user.write_text(
        "import graphmem_ingest, graphmem_queries\n"
        "from graphmem import Memory\n"
        "with Memory.open('mem') as memory:\n"
        "    reveal_type(memory.search('who'))\n"
        "    reveal_type(memory.stats())\n"
    )
    options = ("--strict", "--no-incremental", "--config-file=", "--follow-imports=silent")
    python = f"--python-executable={installed / 'bin/python'}"
    told = _run(sys.executable, "-m", "mypy", *options, python, user, cwd=tmp_path)
    assert "list[graphmem.model.retrieval.Hit]" in told
    assert "graphmem.model.change.Stats" in told

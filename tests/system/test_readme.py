"""The README: its snippets run as they stand, and it names every command, option and setting."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graphmem.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
EVERYWHERE = {"--memory", "--namespace", "--json", "--help"}
"""Options that the README names once for all commands."""
ROW = re.compile(r"^\| `graphmem (eval [a-z]+|[a-z0-9]+)\b.*$", re.MULTILINE)
COMMANDS = """
import json
from importlib.metadata import entry_points
import typer.main
from graphmem.cli import app
for point in entry_points(group="graphmem.commands"):
    point.load()(app)
commands = dict(typer.main.get_command(app).commands)
for name, group in list(commands.items()):
    if hasattr(group, "default"):
        own = dict(group.commands)
        commands[name] = own.pop(group.default)
        commands.update({f"{name} {inner}": command for inner, command in own.items()})
print(json.dumps({
    name: [flag for option in command.params for flag in [*option.opts, *option.secondary_opts]]
    for name, command in commands.items()
}))
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a fresh checkout's: with the examples, without a memory."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


def run(arguments: list[str], folder: Path) -> str:
    """Standard output of a command that must end well, with our scripts on the path."""
    scripts = str(Path(sys.executable).parent)
    env = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        arguments, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{arguments[-1]}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_snippets_run_in_their_order(workspace: Path) -> None:
    said = []
    for language, text in BLOCKS:
        if language == "python":
            said.append(run([sys.executable, "-W", "error", "-c", text], workspace))
        elif language == "sh":
            lines = text.replace("\\\n", " ").splitlines()
            said += [run(["bash", "-euo", "pipefail", "-c", line], workspace) for line in lines]
    assert len(said) > 8
    assert "Mara Ellison was born on Greywick" in said[0]
    assert "Samir Okafor designed the Heron turbine" in " ".join("".join(said).split())


def test_set_up_commands_are_targets_of_the_makefile() -> None:
    set_up = [text for language, text in BLOCKS if language == "console"]
    targets = re.findall(r"^make ([a-z-]+)", "\n".join(set_up), re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_command_and_option_is_in_the_table(workspace: Path) -> None:
    commands = json.loads(run([sys.executable, "-c", COMMANDS], workspace))
    rows = {
        match.group(1): set(re.findall(r"--[a-z][a-z-]*", match.group()))
        for match in re.finditer(
            r"^\| `graphmem (eval [a-z]+|[a-z0-9]+)\b.*$", README, re.MULTILINE
        )
    }
    assert rows.keys() == commands.keys()
    for name, flags in commands.items():
        real = {flag for flag in flags if flag.startswith("--")}
        assert rows[name] - EVERYWHERE == real - EVERYWHERE, name


def test_every_setting_is_in_the_table() -> None:
    named = set(re.findall(r"^\| `(GRAPHMEM_[A-Z0-9_]+)`", README, re.MULTILINE))
    assert named == {f"GRAPHMEM_{name.upper()}" for name in Settings.model_fields}


def test_every_named_query_is_in_the_list() -> None:
    held = {path.stem for path in (ROOT / "queries" / "graphmem_queries").rglob("*.cypher")}
    named = set(re.findall(r"^\| `([a-z0-9-]+)` \|", README, re.MULTILINE))
    assert held
    assert {name.replace("_", "-") for name in held} == {name.replace("_", "-") for name in named}


def test_files_that_the_readme_links_to_are_there() -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link

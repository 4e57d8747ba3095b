"""Loading the embedder leaves nothing behind and tells nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from graphmem.settings import Settings

EMBED = """
from graphmem.adapters.embedders import make_embedder
from graphmem.settings import Settings
make_embedder(Settings(cache_dir={models!r})).embed(["a"])
"""


def test_the_runtime_writes_no_device_id(tmp_path: Path) -> None:
    code = EMBED.format(models=str(Settings().cache_dir))
    environment = {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": ""}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

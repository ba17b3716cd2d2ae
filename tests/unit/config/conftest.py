"""Declarations from a text, in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from reconciler.config.read import yaml_nodes
from reconciler.config.read.declarations import Loaded, load_declarations

Load: TypeAlias = Callable[..., Loaded]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """load(text, ...): each text is a file, a.yaml, b.yaml, ...; `defaults` is the text of the settings' defaults."""

    def loaded(*texts: str | bytes, environ: Mapping[str, str] | None = None, defaults: str = "") -> Loaded:
        files = [tmp_path / f"{letter}.yaml" for letter, _ in zip("abcdefgh", texts, strict=False)]
        for file, text in zip(files, texts, strict=True):
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        node = yaml_nodes.parse(defaults.encode(), "reconciler.yaml").documents[0] if defaults else None
        assert node is None or isinstance(node, yaml_nodes.Mapping)
        return load_declarations(files, root=tmp_path, defaults=node, environ=environ or {})

    return loaded

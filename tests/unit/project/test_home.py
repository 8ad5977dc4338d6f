"""The home folder and its secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tongchou.project.home import Home
from tongchou.project.problems import OperationProblem


def test_the_secret_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    secret = home.secret_key()
    assert len(secret) >= 50
    assert home.secret_key() == secret
    assert (home.root / "secret").stat().st_mode & 0o777 == 0o600
    assert Home(tmp_path / "other").secret_key() != secret


def test_looking_at_a_home_creates_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert home.static_dir.parent == home.log_dir.parent == home.root
    assert not home.root.exists()


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(OperationProblem, match="TONGCHOU_HOME"):
        Home(tmp_path / "home").create()

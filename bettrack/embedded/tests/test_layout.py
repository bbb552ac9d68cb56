from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from bettrack.embedded.layout import EmbeddedServiceError, for_home


def test_the_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    layout = for_home(tmp_path / "var")
    first = layout.secret_key()
    assert len(first) >= 50
    assert for_home(tmp_path / "var").secret_key() == first
    assert stat.S_IMODE((layout.home / "secret_key").stat().st_mode) == 0o600


def test_threads_that_race_for_the_secret_key_get_the_same_one(tmp_path: Path) -> None:
    layout = for_home(tmp_path / "var")
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(layout.secret_key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_secret_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    layout = for_home(tmp_path)
    layout.secret_key()
    (tmp_path / "secret_key").chmod(0o644)
    with pytest.raises(EmbeddedServiceError, match="chmod 600"):
        layout.secret_key()


def test_a_secret_key_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short\n")
    (tmp_path / "secret_key").chmod(0o600)
    with pytest.raises(EmbeddedServiceError, match="cut short"):
        for_home(tmp_path).secret_key()


def test_sockets_always_have_a_path_that_the_kernel_takes(tmp_path: Path) -> None:
    for home in (tmp_path, tmp_path / ("long" * 60), tmp_path / 'with "quotes", and spaces'):
        layout = for_home(home)
        assert len(os.fsencode(layout.postgres_socket)) + len(".lock") <= 107
        assert len(os.fsencode(layout.redis_socket)) <= 107
        assert "," not in str(layout.sockets)
        assert " " not in layout.redis_url(1)


def test_two_homes_never_share_a_socket(tmp_path: Path) -> None:
    assert for_home(tmp_path / "one").sockets != for_home(tmp_path / "two").sockets


def test_a_home_that_cannot_be_written_to_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedServiceError, match="Set BETTRACK_HOME"):
        for_home(tmp_path / "file" / "var").secret_key()

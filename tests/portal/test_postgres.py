"""The embedded PostgreSQL: it starts, keeps its data, and leaves nothing behind."""

from pathlib import Path

import psycopg
import pytest

from portal.embedded import postgres
from portal.embedded.trouble import Trouble


class TestStart:
    def test_keeps_its_data_over_a_second_start(self, tmp_path: Path) -> None:
        first = postgres.start(tmp_path / "postgres")
        with psycopg.connect(first.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        postgres.stop(first)

        second = postgres.start(tmp_path / "postgres")
        with psycopg.connect(second.url) as connection:
            row = connection.execute("SELECT answer FROM kept").fetchone()
        postgres.stop(second)

        assert row == (42,)

    def test_ends_a_leftover_server_of_the_same_folder(self, tmp_path: Path) -> None:
        leftover = postgres.start(tmp_path / "postgres")

        server = postgres.start(tmp_path / "postgres")
        postgres.stop(server)

        assert leftover.process.wait(5) is not None

    def test_finds_a_short_place_for_its_socket(self, tmp_path: Path) -> None:
        server = postgres.start(tmp_path / ("deep" * 30) / "postgres")
        postgres.stop(server)

        assert "host=/tmp/ciyuan-" in server.url


class TestRefuseOld:
    def test_says_that_nobody_answers(self, tmp_path: Path) -> None:
        with pytest.raises(Trouble, match="does not answer"):
            postgres.refuse_old(f"postgresql:///ciyuan?host={tmp_path}")

    def test_says_which_version_is_needed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgres, "OLDEST_VERSION", 99)
        server = postgres.start(tmp_path / "postgres")
        try:
            with pytest.raises(Trouble, match="99 or newer is needed"):
                postgres.refuse_old(server.url)
        finally:
            postgres.stop(server)

"""Where a portal lives: one supervisor a folder, and no port that somebody else has."""

import socket
import stat
from pathlib import Path

import pytest

from portal.embedded import place
from portal.embedded.trouble import Trouble


class TestHeld:
    def test_refuses_a_second_supervisor(self, tmp_path: Path) -> None:
        here = place.Place(tmp_path, 8000)

        with place.held(here), pytest.raises(Trouble, match="in use by process"), place.held(here):
            pass

    def test_lets_the_next_one_in(self, tmp_path: Path) -> None:
        here = place.Place(tmp_path, 8000)
        with place.held(here):
            pass

        with place.held(here):
            assert (tmp_path / "lock").exists()


class TestRefuseBusy:
    def test_names_the_port_in_one_line(self) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]

            with pytest.raises(Trouble, match=rf"^Port {port} \(web\) is busy; set PORT[^\n]*$"):
                place.refuse_busy({"web": port})


class TestWritePrivate:
    def test_is_for_our_eyes_only(self, tmp_path: Path) -> None:
        place.write_private(tmp_path / "demo.json", {"password": "x"})

        assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600

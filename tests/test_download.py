import contextlib

import pytest
from server import content, serve

from gluon_softmax import download

FILE = "train-images-idx3-ubyte"


class Bar(contextlib.nullcontext):
    """Keeps the bytes of each step."""

    def __init__(self, total, desc, **options):
        super().__init__(self)
        self.total, self.name, self.steps = total, desc, []

    def __bool__(self):
        return True

    def update(self, more):
        self.steps.append(more)

    def reset(self):
        self.so_far, self.steps = self.steps, []

    def close(self):
        pass


def test_a_bar_shows_how_much_is_done(tmp_path, monkeypatch):
    bars = []
    monkeypatch.setattr(
        download, "progress", lambda **options: bars.append(Bar(**options)) or bars[-1]
    )
    with serve() as server:
        url = server.source("ok").location.format(file=FILE)
        path = download.download(url, str(tmp_path))
    assert path.read_bytes() == content(FILE)
    [bar] = bars
    assert bar.name == f"{FILE}.gz"
    # pooch counts whole kibibytes, and fills the bar at the end.
    assert bar.total == sum(bar.steps) == len(content(FILE)) <= sum(bar.so_far)
    assert len(bar.so_far) > 1


def test_a_wrong_checksum_is_an_error(tmp_path):
    with serve() as server:
        url = server.source("ok").location.format(file=FILE)
        with pytest.raises(download.DownloadError, match="wrong checksum"):
            download.download(url, str(tmp_path), "sha1:" + 40 * "0")
    assert not list(tmp_path.iterdir())

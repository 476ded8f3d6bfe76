import re
import socket
import time

import pytest
from server import FOLDER, assert_whole, edition

from gluon_softmax.data import cache
from gluon_softmax.data.editions import FILES, Source
from gluon_softmax.errors import DataError

MISBEHAVIOUR = {
    "403": "returned 403",
    "404": "returned 404",
    "429": "returned 429",
    "500": "returned 500",
    "circle": "Exceeded 30 redirects",
    "scheme": "ftp://",
    "less": r"\bthe connection was interrupted\b",
    "more": "wrong checksum",
    "wrong": "wrong checksum",
    "swapped": "wrong checksum",
    "html": "wrong checksum",
    "bomb": "wrong checksum",
    "hang": "no response within 1 s",
    "drop": "no connection",
}


@pytest.mark.parametrize("manner", MISBEHAVIOUR)
def test_a_server_that_misbehaves_is_given_up(manner, server, folder, capsys):
    start = time.monotonic()
    arrays, origin = cache.obtain(edition("official", server.source(manner), FOLDER), folder)
    assert time.monotonic() - start < 15
    assert origin == "a folder"
    assert_whole(arrays, folder)
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert re.search(MISBEHAVIOUR[manner], lines[0])


def test_a_server_that_fails_once_is_asked_again(server, folder):
    arrays, origin = cache.obtain(edition("official", server.source("once")), folder)
    assert origin == "server that does once"
    assert_whole(arrays, folder)


def test_a_redirect_is_followed(server, folder):
    arrays, _ = cache.obtain(edition("official", server.source("moved")), folder)
    assert_whole(arrays, folder)


def test_no_server_and_no_such_host(folder, capsys):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        sources = [
            Source(
                "closed",
                "url",
                f"http://127.0.0.1:{port}/{{file}}.gz",
                dict.fromkeys(FILES, "md5:0"),
            ),
            Source(
                "nowhere",
                "url",
                "http://no.such.host.invalid/{file}.gz",
                dict.fromkeys(FILES, "md5:0"),
            ),
        ]
        with pytest.raises(DataError, match=r"--data-dir FOLDER"):
            cache.obtain(edition("official", *sources), folder)
    assert [line.count("no connection") for line in capsys.readouterr().err.splitlines()] == [1, 1]
    assert not folder.exists() or list(folder.iterdir()) == []

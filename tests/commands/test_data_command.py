import dataclasses

import pytest
from server import serve

from gluon_softmax.commands import main as cli
from gluon_softmax.commands.data import describe
from gluon_softmax.data.editions import FILES, Source
from gluon_softmax.data.load import load


@pytest.fixture
def both(editions, sample_dir):
    """Both editions are the sample, official from a folder; a function says where mxnet is."""
    official = Source("a folder", "folder", str(sample_dir), {})
    return lambda mxnet: editions(mxnet=[mxnet], official=[official])


def test_fetch_verify_where(both, cache, capsys):
    with serve() as server:
        both(server.source("ok"))
        assert cli.main(["data", "--edition", "official"]) == 0
        printed = capsys.readouterr().out
        assert "edition official, from a folder" in printed
        assert "training: 1000 images (28, 28), 100 a class, first ten labels" in printed
        assert printed.count("sha256:") == len(FILES)
        assert cli.main(["data", "verify"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines == ["official: 4 of 4 files verified", "mxnet: 0 of 4 files verified"]
        assert cli.main(["data", "where", "--edition", "mxnet"]) == 0
        where = capsys.readouterr().out
        assert where == f"mxnet: {cache / 'fashion-mnist'}, 0 of 4 files there\n"


@pytest.mark.fault
def test_verify_finds_what_was_damaged(both, cache, capsys):
    both(Source("nowhere", "folder", "/nonexistent", {}))
    assert cli.main(["data", "fetch", "--edition", "official"]) == 0
    path = cache / "fashion-mnist-official" / FILES[0]
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    capsys.readouterr()
    assert cli.main(["data", "verify", "--edition", "official"]) == 1
    said = capsys.readouterr()
    assert "official: 3 of 4 files verified" in said.out
    assert f"set aside as {FILES[0]}.rejected" in said.err
    assert "error: damaged files in the cache: official; `python -m gluon_softmax" in said.err
    assert cli.main(["data", "fetch", "--edition", "official"]) == 0
    assert cli.main(["data", "verify", "--edition", "resplit"]) == 0


@pytest.mark.fault
def test_a_whole_edition_does_not_make_up_for_a_damaged_one(both, cache, capsys):
    with serve() as server:
        both(server.source("ok"))
        for edition in ("official", "mxnet"):
            assert cli.main(["data", "fetch", "--edition", edition]) == 0
    path = cache / "fashion-mnist-official" / FILES[2]
    path.write_bytes(path.read_bytes()[:-1])
    # Where they lie is all that this asks.
    assert cli.main(["data", "where"]) == 0
    assert path.exists()
    assert "official: " in capsys.readouterr().out
    assert cli.main(["data", "verify"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "official: 3 of 4 files verified",
        "mxnet: 4 of 4 files verified",
    ]
    assert "damaged files in the cache: official" in said.err


def test_fetch_asks_again_what_was_out_of_reach(both, capsys):
    with serve() as server:
        both(server.source("404"))
        for _ in range(2):
            server.asked.clear()
            assert cli.main(["data", "fetch"]) == 0
            assert server.asked
        server.asked.clear()
        load()
        assert server.asked == []


def test_counts_that_differ_are_listed(sample):
    fewer = dataclasses.replace(
        sample, train_images=sample.train_images[:9], train_labels=sample.train_labels[:9]
    )
    described = "\n".join(describe(fewer))
    assert "training: 9 images" in described
    assert str([int((fewer.train_labels == label).sum()) for label in range(10)]) in described

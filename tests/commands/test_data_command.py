import dataclasses
import subprocess
import sys

import pytest
from program import AS_USER, ROOT, as_user, run
from server import serve

from gluon_softmax.commands import main as cli
from gluon_softmax.commands.data import describe
from gluon_softmax.data.editions import FILES, Source
from gluon_softmax.data.load import load


@pytest.fixture
def both(editions, sample_dir):
    """Make both editions the sample: official from a folder, mxnet from the given source."""
    official = Source("a folder", "folder", str(sample_dir), {})
    return lambda mxnet: editions(mxnet=[mxnet], official=[official])


def test_fetch_verify_where(both, cache, capsys):
    with serve() as server:
        both(server.source("ok"))
        assert cli.main(["data", "--edition", "official"]) == 0
        printed = capsys.readouterr().out
        assert "edition official, from a folder" in printed
        assert "training: 1000 images (28, 28), 100 per class, first ten labels" in printed
        assert printed.count("sha256:") == len(FILES)
        assert cli.main(["data", "verify"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines == ["official: 4 of 4 files verified", "mxnet: not downloaded (optional)"]
        assert cli.main(["data", "where", "--edition", "mxnet"]) == 0
        where = capsys.readouterr().out
        assert where == f"mxnet: {cache / 'fashion-mnist'}, 0 of 4 files present\n"


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
    assert f"renamed to {FILES[0]}.rejected" in said.err
    assert (
        "error: the cache has damaged or unreadable files of the edition official; `gluon-softmax"
        in said.err
    )
    assert cli.main(["data", "fetch", "--edition", "official"]) == 0
    assert cli.main(["data", "verify", "--edition", "resplit"]) == 0


def test_a_whole_edition_does_not_make_up_for_a_damaged_one(both, cache, capsys):
    with serve() as server:
        both(server.source("ok"))
        for edition in ("official", "mxnet"):
            assert cli.main(["data", "fetch", "--edition", edition]) == 0
    path = cache / "fashion-mnist-official" / FILES[2]
    path.write_bytes(path.read_bytes()[:-1])
    # This only prints where the files are.
    assert cli.main(["data", "where"]) == 0
    assert path.exists()
    assert "official: " in capsys.readouterr().out
    assert cli.main(["data", "verify"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "official: 3 of 4 files verified",
        "mxnet: 4 of 4 files verified",
    ]
    assert "damaged or unreadable files of the edition official;" in said.err


@as_user
@pytest.mark.posix
@pytest.mark.parametrize("action", ["verify", "where"])
def test_a_folder_that_nobody_may_look_into_hides_no_other(action, cache):
    folder = cache / "fashion-mnist-official"
    folder.mkdir(parents=True)
    folder.chmod(0)
    done = run("gluon_softmax", "data", action, before=AS_USER)
    folder.chmod(0o755)
    lines = done.stdout.splitlines()
    assert lines[0] == f"official: {folder} cannot be read (Permission denied)"
    assert lines[1].startswith("mxnet: ")
    assert len(lines) == 2
    expected = f"error: {folder}: cannot be read (Permission denied)\n" * (action == "verify")
    assert (done.returncode, done.stderr) == (action == "verify", expected)


@as_user
@pytest.mark.posix
def test_data_are_loaded_without_access_to_the_cache(cache, sample_dir):
    cache.parent.mkdir()
    cache.parent.chmod(0)
    program = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
from conftest import EDITIONS, dataclasses, edition
from gluon_softmax.commands.main import main
from gluon_softmax.data.editions import Source
for name in ("official", "mxnet"):
    given = [Source("a folder", "folder", {str(sample_dir)!r}, {{}})]
    EDITIONS[name] = dataclasses.replace(edition(name, *given), folder=EDITIONS[name].folder)
sys.exit(main(["data"]))
"""
    done = subprocess.run(
        [*AS_USER, sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT
    )
    cache.parent.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert "edition mxnet, from a folder" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("action", ["verify", "where"])
def test_options_without_effect_are_refused(action, cache, capsys):
    assert cli.main(["data", action, "--edition", "resplit", "--split-seed", "3"]) == 2
    said = capsys.readouterr()
    assert said.err == f"error: --split-seed 3 has no effect on `data {action}`\n"
    assert said.out == ""


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


@pytest.mark.parametrize("options", ["", " --edition mxnet"])
def test_verify_names_the_command_that_downloads(options, cache, capsys):
    assert cli.main(["data", "verify", *options.split()]) == 1
    said = capsys.readouterr().err
    assert f"has no complete edition; `gluon-softmax data{options}` downloads one" in said

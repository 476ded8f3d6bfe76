import os
import stat
import time

import pytest

from gluon_softmax import writing
from gluon_softmax.errors import GluonSoftmaxError, ParametersError


def test_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("older")

    def fail_half_way():
        with writing.whole_file(path) as staged:
            staged.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert path.read_text() == "older"
    writing.write_text(path, "new é")
    assert path.read_text("utf-8") == "new é"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_path_that_cannot_be_written(tmp_path):
    path = tmp_path / "none" / "file.txt"
    with pytest.raises(GluonSoftmaxError, match="cannot be written"):
        writing.write_text(path, "x")
    folder = tmp_path / "folder"
    (folder / "full").mkdir(parents=True)
    with pytest.raises(ParametersError), writing.whole_file(folder, ParametersError) as staged:
        staged.write_text("a file cannot replace a folder")


def test_leftovers_of_a_killed_process_are_removed_after_a_day(tmp_path):
    stale, young = tmp_path / ".save-abc", tmp_path / ".save-xyz"
    for folder in (stale, young):
        folder.mkdir()
        (folder / "part").write_bytes(b"x")
    for folder, hours in ((stale, 25), (young, 23)):
        then = time.time() - hours * 3600
        os.utime(folder, (then, then))
    writing.write_text(tmp_path / "file.txt", "x")
    assert sorted(os.listdir(tmp_path)) == [".save-xyz", "file.txt"]


@pytest.mark.posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o666])
def test_the_permissions_of_a_file_are_kept(mode, tmp_path):
    path = tmp_path / "file.txt"
    path.touch()
    path.chmod(mode)
    writing.write_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text() == "new"


@pytest.mark.posix
def test_special_paths(tmp_path):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    found = {path.name: writing.is_special(path) for path in [tmp_path, *tmp_path.iterdir()]}
    assert found == {tmp_path.name: False, "file": False, "pipe": True}


@pytest.mark.posix
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed(there, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    file, link = folder / "file.txt", tmp_path / "link.txt"
    if there:
        file.write_text("older")
    link.symlink_to(file)
    writing.write_text(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"
    assert [sorted(os.listdir(place)) for place in (tmp_path, folder)] == [
        ["elsewhere", "link.txt"],
        ["file.txt"],
    ]


@pytest.mark.posix
@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_device_or_pipe_stays_one(through_a_link, tmp_path):
    pipe = path = tmp_path / "pipe"
    os.mkfifo(pipe)
    if through_a_link:
        path = tmp_path / "link"
        path.symlink_to(pipe)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(GluonSoftmaxError, match=r"cannot be written \(not a regular file\)"):
        writing.write_text(path, "x")
    assert pipe.is_fifo()
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.posix
def test_a_link_that_leads_to_itself(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(GluonSoftmaxError, match="cannot be written"):
        writing.write_text(loop, "x")
    assert loop.is_symlink()

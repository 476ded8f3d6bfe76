import os
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


@pytest.mark.fault
def test_what_cannot_be_written(tmp_path):
    path = tmp_path / "none" / "file.txt"
    with pytest.raises(GluonSoftmaxError, match="cannot be written"):
        writing.write_text(path, "x")
    folder = tmp_path / "folder"
    (folder / "full").mkdir(parents=True)
    with pytest.raises(ParametersError), writing.whole_file(folder, ParametersError) as staged:
        staged.write_text("a file cannot replace a folder")


def test_what_a_killed_process_left_goes_after_a_day(tmp_path):
    stale, young = tmp_path / ".save-abc", tmp_path / ".save-xyz"
    for folder in (stale, young):
        folder.mkdir()
        (folder / "part").write_bytes(b"x")
    old = time.time() - 25 * 3600
    os.utime(stale, (old, old))
    writing.write_text(tmp_path / "file.txt", "x")
    assert sorted(os.listdir(tmp_path)) == [".save-xyz", "file.txt"]

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mxnet
import pytest
from program import AS_USER, as_user
from server import BOMB, FOLDER, SAMPLE, assert_whole, edition, serve

from gluon_softmax.data import cache
from gluon_softmax.data.editions import FILES, OFFICIAL, Source
from gluon_softmax.errors import DataError

HERE = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["official", "mxnet"])
def test_from_a_server_then_from_the_cache(name, server, folder):
    wanted = edition(name, server.source("ok"))
    arrays, origin = cache.obtain(wanted, folder)
    assert origin == "server that does ok"
    assert_whole(arrays, folder, wanted.suffix)
    server.asked.clear()
    arrays, origin = cache.obtain(wanted, folder)
    assert origin == "the cache"
    assert_whole(arrays)
    assert server.asked == []


@pytest.mark.parametrize(
    ("name", "words"),
    # A file that has a checksum is not unpacked.
    [("official", "magic number 0"), ("mxnet", "sha1 is")],
)
def test_a_bomb(name, words, tmp_path, folder, capsys):
    for file in FILES:
        (tmp_path / f"{file}.gz").write_bytes(BOMB)
    source = Source("bombs", "folder", str(tmp_path), {})
    with pytest.raises(DataError, match="could not be downloaded"):
        cache.obtain(edition(name, source), folder)
    assert words in capsys.readouterr().err


def test_files_of_a_source_are_kept_when_it_fails(server, folder):
    wanted = edition("official", server.source("first-only"), server.source("ok"))
    server.asked.clear()
    arrays, _ = cache.obtain(wanted, folder)
    assert_whole(arrays, folder)
    assert ("ok", "train-images-idx3-ubyte.gz") not in server.asked


def damage(path, how):
    content = path.read_bytes()
    other = path.with_name(path.name.replace("train", "t10k"))
    path.write_bytes(
        {
            "empty": b"",
            "truncated": content[: len(content) // 2],
            "corrupt": content[:500] + bytes([content[500] ^ 1]) + content[501:],
            "longer": content + b"x",
            "swapped": other.read_bytes(),
        }[how]
    )


@pytest.mark.parametrize("name", ["official", "mxnet"])
@pytest.mark.parametrize("how", ["empty", "truncated", "corrupt", "longer", "swapped"])
def test_a_bad_file_in_the_cache_is_renamed_and_downloaded_again(name, how, folder, capsys):
    wanted = edition(name, FOLDER)
    cache.obtain(wanted, folder)
    path = folder / ("train-images-idx3-ubyte" + wanted.suffix)
    damage(path, how)
    arrays, origin = cache.obtain(wanted, folder)
    assert origin == "a folder"
    assert_whole(arrays)
    said = capsys.readouterr().err
    assert str(path) in said
    assert f"; renamed to {path.name}.rejected" in said
    assert path.with_name(path.name + ".rejected").exists()
    assert cache.obtain(wanted, folder)[1] == "the cache"


def test_a_huge_file_in_the_cache_is_not_read(folder, capsys):
    folder.mkdir(parents=True)
    path = folder / f"{FILES[0]}.gz"
    with open(path, "wb") as stream:
        stream.truncate(40_000_001)
    assert cache.read_cache(edition("mxnet"), folder) == {}
    assert f"{path}: 40000001 bytes, more than the limit of 40000000; " in capsys.readouterr().err


def test_the_other_edition_in_the_cache_is_refused(folder, capsys):
    # The sample's content is that of the official edition, but not its checksums.
    arrays = cache.obtain(edition("official", FOLDER), folder)[0]
    assert cache.read_cache(OFFICIAL, folder) == {}
    assert capsys.readouterr().err.count("sha256") == len(arrays)


def test_a_cache_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with serve() as server:
        arrays, _ = cache.obtain(
            edition("official", server.source("ok")), tmp_path / "cache" / "edition"
        )
    assert_whole(arrays)
    assert capsys.readouterr().err.count("used without caching, since") == len(FILES)


def test_out_of_reach_is_remembered_for_a_day(server, folder, monkeypatch):
    wanted = edition("mxnet", server.source("404"))
    for optional, asked in ((True, True), (True, False), (False, True)):
        server.asked.clear()
        with pytest.raises(DataError):
            cache.obtain(wanted, folder, optional=optional)
        assert bool(server.asked) == asked
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 25 * 3600)
    server.asked.clear()
    with pytest.raises(DataError):
        cache.obtain(wanted, folder, optional=True)
    assert server.asked


def test_a_search_that_was_left_out_does_not_lengthen_the_memory(server, folder):
    wanted = edition("mxnet", server.source("404"))
    with pytest.raises(DataError):
        cache.obtain(wanted, folder, optional=True)
    earlier = time.time() - 3600
    os.utime(folder / cache.MEMORY, (earlier, earlier))
    with pytest.raises(DataError):
        cache.obtain(wanted, folder, optional=True)
    assert (folder / cache.MEMORY).stat().st_mtime == pytest.approx(earlier, abs=1)


def test_a_memory_of_the_future_is_no_memory(server, folder):
    folder.mkdir(parents=True)
    (folder / cache.MEMORY).touch()
    later = time.time() + 1000
    os.utime(folder / cache.MEMORY, (later, later))
    server.asked.clear()
    with pytest.raises(DataError):
        cache.obtain(edition("mxnet", server.source("404")), folder, optional=True)
    assert server.asked


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from server import edition
from gluon_softmax.data import cache
from gluon_softmax.data.editions import Source
from server import checksums
from pathlib import Path
source = Source("slow server", "url", sys.argv[2], checksums("md5"))
cache.obtain(edition("official", source), Path(sys.argv[3]))
"""


def child(source, folder, **options):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(HERE), source.location, str(folder)],
        cwd=HERE.parent,
        stderr=subprocess.PIPE,
        **options,
    )


FROM_FOLDER = CHILD.replace(
    'Source("slow server", "url", sys.argv[2], checksums("md5"))',
    'Source("a folder", "folder", sys.argv[2], {})',
)


def fetch_from_folder(folder, prefix=(), **options):
    return subprocess.run(
        [*prefix, sys.executable, "-c", FROM_FOLDER, str(HERE), str(SAMPLE), str(folder)],
        cwd=HERE.parent,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def no_file_over(size):
    """Return a function that makes a write past this size fail, as on a full disk."""

    import resource

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.slow
def test_killed_at_twenty_points(server, tmp_path):
    source = server.source("slow")
    start = time.monotonic()
    with child(source, tmp_path / "whole") as process:
        process.communicate()
    whole = time.monotonic() - start

    def kill_after(seconds):
        """Kill a fetch after a time, or without one when it has the first file."""
        folder = tmp_path / str(seconds)
        with child(source, folder) as process:
            if seconds < 0:
                while process.poll() is None and not list(folder.glob("*-ubyte")):
                    time.sleep(0.002)
            else:
                time.sleep(seconds)
            process.kill()
            process.communicate()
        return folder

    moments = [random.uniform(0.3, 1.2) * whole for _ in range(14)] + list(range(-6, 0))
    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(kill_after, moments))
    left = 0
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        left += len(list(folder.iterdir())) not in (0, len(FILES))
        for path in folder.iterdir():
            # A file under its final name is complete.
            if not path.name.startswith(".save-"):
                cache.verify_cached(edition("official"), path)
        arrays, _ = cache.obtain(edition("official", FOLDER), folder)
        assert_whole(arrays)
    # Some were killed half-way; otherwise this test shows nothing.
    assert left


@pytest.mark.slow
def test_four_fetches_at_once(server, folder):
    processes = [child(server.source("slow"), folder) for _ in range(4)]
    for process in processes:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
    assert_whole(cache.read_cache(edition("official"), folder), folder)


def test_four_threads_at_once(server, folder):
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(cache.obtain, edition("mxnet", server.source("slow")), folder)
            for _ in range(4)
        ]
    for job in jobs:
        assert_whole(job.result()[0], folder, ".gz")


@pytest.mark.posix
def test_a_full_disk(server, folder):
    with child(server.source("ok"), folder, preexec_fn=no_file_over(100_000)) as process:
        _, error = process.communicate(timeout=60)
    # This child calls `obtain` itself, so that the error ends it with a traceback.
    assert process.returncode == 1
    assert b"slow server: " in error
    assert b"could not be downloaded from any source" in error
    there = list(folder.iterdir()) if folder.exists() else []
    for path in there:
        cache.verify_cached(edition("official"), path)
    assert_whole(cache.obtain(edition("official", FOLDER), folder)[0], folder)


@pytest.mark.posix
def test_a_full_disk_while_keeping(folder):
    done = fetch_from_folder(folder, preexec_fn=no_file_over(500_000))
    assert done.returncode == 0, done.stderr
    # The training images do not fit, the other files do.
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert "train-images-idx3-ubyte: used without caching, since" in lines[0]
    assert {p.name for p in folder.iterdir()} == set(FILES[1:])


@pytest.mark.parametrize("home", ["a folder", "ein Ordner mit Ä", None])
def test_the_cache_is_where_mxnet_looks(home, tmp_path, monkeypatch):
    if home is None:
        monkeypatch.delenv("MXNET_HOME", raising=False)
    else:
        monkeypatch.setenv("MXNET_HOME", str(tmp_path / home))
    assert str(cache.cache_root()) == os.path.join(mxnet.base.data_dir(), "datasets")


@pytest.mark.posix
@as_user
@pytest.mark.parametrize("what", ["read-only folder", "unreadable files", "another's folder"])
def test_a_cache_without_the_rights(what, folder):
    cache.obtain(edition("official", FOLDER), folder)
    if what == "unreadable files":
        for path in folder.iterdir():
            path.chmod(0)
    else:
        if what == "read-only folder":
            (folder / FILES[2]).unlink()
        elif os.getuid() == 0:
            os.chown(folder, 65534, 65534)
        folder.chmod(0o555 if what == "read-only folder" else 0o700)
    done = fetch_from_folder(folder, AS_USER)
    folder.chmod(0o755)
    # The data are loaded nevertheless.
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    if what == "read-only folder":
        assert len(lines) == 1
        assert f"{FILES[2]}: used without caching, since" in lines[0]
    elif what == "unreadable files":
        assert [line.count("cannot be read (Permission denied)") for line in lines] == [1] * 4
        # They were replaced, since the folder is writable.
        assert_whole(cache.read_cache(edition("official"), folder))
    elif os.getuid() == 0:
        assert [line.count("Permission denied") for line in lines] == [1] * len(lines)
        assert len(lines) in (4, 8)


@pytest.mark.posix
def test_no_home_folder(monkeypatch, capsys):
    monkeypatch.delenv("MXNET_HOME", raising=False)
    # No user can create a folder there.
    monkeypatch.setenv("HOME", "/proc/no/home")
    folder = cache.cache_root() / "edition"
    assert str(folder).startswith("/proc/no/home")
    arrays, _ = cache.obtain(edition("official", FOLDER), folder)
    assert_whole(arrays)
    assert capsys.readouterr().err.count("used without caching, since") == len(FILES)


def test_unreadable_files_are_not_renamed(folder, monkeypatch, capsys):
    cache.obtain(edition("official", FOLDER), folder)
    capsys.readouterr()
    there = sorted(path.name for path in folder.iterdir())

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cache, "verify_cached", denied)
    assert cache.read_cache(edition("official"), folder) == {}
    assert sorted(path.name for path in folder.iterdir()) == there
    said = capsys.readouterr().err.splitlines()
    assert [line.endswith("cannot be read (Permission denied)") for line in said] == [True] * 4

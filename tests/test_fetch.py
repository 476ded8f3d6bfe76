import contextlib
import io
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mxnet
import numpy as np
import pytest
from server import BOMB, SAMPLE, content, edition, serve

from gluon_softmax import fetch
from gluon_softmax.editions import FILES, OFFICIAL, Source
from gluon_softmax.errors import DataError
from gluon_softmax.idx import kind_of, read_idx_path

HERE = Path(__file__).parent
FOLDER = Source("a folder", "folder", str(SAMPLE), {})


@pytest.fixture(scope="module")
def server():
    with serve() as running:
        yield running


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache é" / "edition"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(fetch, "TIMEOUT", (1, 1))
    monkeypatch.setattr(fetch, "GRACE", 1)
    monkeypatch.setattr(fetch, "LARGEST_GZ", 4_000_000)


def assert_whole(arrays, folder=None, suffix=""):
    assert tuple(sorted(arrays)) == tuple(sorted(FILES))
    for file in FILES:
        _, expected = read_idx_path(SAMPLE / f"{file}.gz", kind_of(file))
        np.testing.assert_array_equal(arrays[file], expected)
    if folder is not None:
        assert {p.name for p in folder.iterdir()} == {file + suffix for file in FILES}


@pytest.mark.parametrize("name", ["official", "mxnet"])
def test_from_a_server_then_from_the_cache(name, server, folder):
    wanted = edition(name, server.source("ok"))
    arrays, origin = fetch.obtain(wanted, folder)
    assert origin == "server that does ok"
    assert_whole(arrays, folder, wanted.suffix)
    server.asked.clear()
    arrays, origin = fetch.obtain(wanted, folder)
    assert origin == "the cache"
    assert_whole(arrays)
    assert server.asked == []


MISBEHAVIOUR = {
    "403": "answers 403",
    "404": "answers 404",
    "429": "answers 429",
    "500": "answers 500",
    "circle": "redirects more than three times",
    "scheme": "another scheme",
    "less": "broke off",
    "more": "more than|announced|over",
    "endless": "more than 4000000 bytes",
    "announced": "10737418240 bytes announced",
    "wrong": "checksum is wrong",
    "swapped": "checksum is wrong",
    "html": "checksum is wrong",
    "bomb": "checksum is wrong",
    "trickle": "too slow",
    "hang": "no answer within 1 s",
    "drop": "no connection",
}


@pytest.mark.fault
@pytest.mark.parametrize("manner", MISBEHAVIOUR)
def test_a_server_that_misbehaves_is_given_up(manner, server, folder, capsys):
    start = time.monotonic()
    arrays, origin = fetch.obtain(edition("official", server.source(manner), FOLDER), folder)
    assert time.monotonic() - start < 15
    assert origin == "a folder"
    assert_whole(arrays, folder)
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert re.search(MISBEHAVIOUR[manner], lines[0])


@pytest.mark.fault
def test_a_bomb_in_a_source_without_checksums(tmp_path, folder, capsys):
    for file in FILES:
        (tmp_path / f"{file}.gz").write_bytes(BOMB)
    source = Source("bombs", "folder", str(tmp_path), {})
    with pytest.raises(DataError, match="could not be had"):
        fetch.obtain(edition("official", source), folder)
    assert "magic number 0" in capsys.readouterr().err


def test_a_redirect_is_followed(server, folder):
    arrays, _ = fetch.obtain(edition("official", server.source("moved")), folder)
    assert_whole(arrays, folder)


@pytest.mark.fault
def test_nobody_listens_and_no_such_host(folder, capsys):
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
            fetch.obtain(edition("official", *sources), folder)
    assert [line.count("no connection") for line in capsys.readouterr().err.splitlines()] == [1, 1]
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.mark.fault
def test_what_one_source_gave_is_kept_when_it_fails(server, folder):
    wanted = edition("official", server.source("first-only"), server.source("ok"))
    server.asked.clear()
    arrays, _ = fetch.obtain(wanted, folder)
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


@pytest.mark.fault
@pytest.mark.parametrize("name", ["official", "mxnet"])
@pytest.mark.parametrize("how", ["empty", "truncated", "corrupt", "longer", "swapped"])
def test_a_bad_file_in_the_cache_is_set_aside_and_fetched_anew(name, how, folder, capsys):
    wanted = edition(name, FOLDER)
    fetch.obtain(wanted, folder)
    path = folder / ("train-images-idx3-ubyte" + wanted.suffix)
    damage(path, how)
    arrays, origin = fetch.obtain(wanted, folder)
    assert origin == "a folder"
    assert_whole(arrays)
    assert str(path) in capsys.readouterr().err
    assert path.with_name(path.name + ".rejected").exists()
    assert fetch.obtain(wanted, folder)[1] == "the cache"


@pytest.mark.fault
def test_the_other_edition_in_the_cache_is_refused(folder, capsys):
    # The sample is of the official edition by its content, but not by its checksums.
    arrays = fetch.obtain(edition("official", FOLDER), folder)[0]
    assert fetch.read_cache(OFFICIAL, folder) == {}
    assert capsys.readouterr().err.count("sha256") == len(arrays)


def test_unequal_classes_are_refused(folder):
    wanted = edition("official", FOLDER)
    labels = np.zeros(1000, np.uint8)
    with pytest.raises(DataError, match="not equally many"):
        fetch._check_counts(wanted, "train-labels-idx1-ubyte", labels, "x")
    with pytest.raises(DataError, match="7 examples, not 1000"):
        fetch._check_counts(wanted, "train-labels-idx1-ubyte", labels[:7], "x")


@pytest.mark.fault
def test_a_cache_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with serve() as server:
        arrays, _ = fetch.obtain(
            edition("official", server.source("ok")), tmp_path / "cache" / "edition"
        )
    assert_whole(arrays)
    assert capsys.readouterr().err.count("cannot be kept in the cache") == len(FILES)


def test_out_of_reach_is_remembered_for_a_day(server, folder, monkeypatch):
    wanted = edition("mxnet", server.source("404"))
    for optional, asked in ((True, True), (True, False), (False, True)):
        server.asked.clear()
        with pytest.raises(DataError):
            fetch.obtain(wanted, folder, optional=optional)
        assert bool(server.asked) == asked
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 25 * 3600)
    server.asked.clear()
    with pytest.raises(DataError):
        fetch.obtain(wanted, folder, optional=True)
    assert server.asked


@pytest.mark.fault
@pytest.mark.parametrize("memory", ["", "[]", "{", '{"server that does 404": "soon"}'])
def test_a_damaged_memory_is_no_memory(memory, server, folder):
    folder.mkdir(parents=True)
    (folder / fetch.MEMORY).write_text(memory)
    server.asked.clear()
    with pytest.raises(DataError):
        fetch.obtain(edition("mxnet", server.source("404")), folder, optional=True)
    assert server.asked


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from server import edition
from gluon_softmax import fetch
from gluon_softmax.editions import Source
from server import checksums
from pathlib import Path
source = Source("slow server", "url", sys.argv[2], checksums("md5"))
fetch.obtain(edition("official", source), Path(sys.argv[3]))
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
    """Make a function that lets a write past this size fail, as on a full disk."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.fault
def test_killed_at_twenty_points(server, tmp_path):
    source = server.source("slow")
    start = time.monotonic()
    with child(source, tmp_path / "whole") as process:
        process.communicate()
    whole = time.monotonic() - start

    def kill_after(seconds):
        folder = tmp_path / str(seconds)
        with child(source, folder) as process:
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        return folder

    moments = [random.uniform(0.3, 1.5) * whole for _ in range(20)]
    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(kill_after, moments))
    left = 0
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        left += len(list(folder.iterdir())) not in (0, len(FILES))
        for path in folder.iterdir():
            # What has its final name is whole.
            if not path.name.startswith(fetch._STAGING):
                fetch._verify_cached(edition("official"), path.name, path)
        arrays, _ = fetch.obtain(edition("official", FOLDER), folder)
        assert_whole(arrays, folder)
    # Some were killed half-way, or this shows nothing.
    assert left


@pytest.mark.fault
def test_four_fetches_at_once(server, folder):
    processes = [child(server.source("slow"), folder) for _ in range(4)]
    for process in processes:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
    assert_whole(fetch.read_cache(edition("official"), folder), folder)


@pytest.mark.fault
def test_four_threads_at_once(server, folder):
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(fetch.obtain, edition("mxnet", server.source("slow")), folder)
            for _ in range(4)
        ]
    for job in jobs:
        assert_whole(job.result()[0], folder, ".gz")


@pytest.mark.fault
def test_a_full_disk(server, folder):
    with child(server.source("ok"), folder, preexec_fn=no_file_over(100_000)) as process:
        _, error = process.communicate(timeout=60)
    # This child calls `obtain` itself, so that the error ends it with a traceback.
    assert process.returncode == 1
    assert b"slow server: " in error
    assert b"could not be had from any source" in error
    there = list(folder.iterdir()) if folder.exists() else []
    for path in there:
        fetch._verify_cached(edition("official"), path.name, path)
    assert_whole(fetch.obtain(edition("official", FOLDER), folder)[0], folder)


@pytest.mark.fault
def test_a_full_disk_while_keeping(folder):
    done = fetch_from_folder(folder, preexec_fn=no_file_over(500_000))
    assert done.returncode == 0, done.stderr
    # The training images do not fit, the other files do.
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert "train-images-idx3-ubyte: cannot be kept in the cache" in lines[0]
    assert {p.name for p in folder.iterdir()} == set(FILES[1:])


@pytest.mark.fault
def test_stale_staging_goes_and_a_running_ones_stays(folder):
    folder.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    host = socket.gethostname()
    stale = folder / f".fetch-{host}-{dead.pid}-abc"
    running = folder / f".fetch-{host}-{os.getpid()}-abc"
    elsewhere = folder / ".fetch-another-host-1-abc"
    for path in (stale, running, elsewhere):
        path.mkdir()
        (path / "part").write_bytes(b"x")
    fetch.read_cache(edition("official"), folder)
    assert [path.exists() for path in (stale, running, elsewhere)] == [False, True, True]
    old = time.time() - 2 * 24 * 3600
    os.utime(elsewhere, (old, old))
    fetch.read_cache(edition("official"), folder)
    assert not elsewhere.exists()


def make_deb(path, members):
    """Build a Debian package from its parts, since no tool makes one with such members."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, kind, body in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            member.size = len(body) if kind == tarfile.REGTYPE else 0
            member.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            tar.addfile(member, io.BytesIO(body) if kind == tarfile.REGTYPE else None)
    control = io.BytesIO()
    with tarfile.open(fileobj=control, mode="w:gz") as tar:
        text = b"Package: a\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: a\n"
        member = tarfile.TarInfo("./control")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
    with open(path, "wb") as out:
        out.write(b"!<arch>\n")
        for name, body in (
            ("debian-binary", b"2.0\n"),
            ("control.tar.gz", control.getvalue()),
            ("data.tar.gz", data.getvalue()),
        ):
            out.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(body):<10}`\n".encode())
            out.write(body + b"\n" * (len(body) % 2))


INSIDE = "./usr/share/datasets/fashion-mnist/"
needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no dpkg-deb here")


@pytest.mark.fault
@needs_dpkg
def test_only_the_four_files_are_taken_out_of_a_package(tmp_path):
    evil = [
        ("../../outside", tarfile.REGTYPE, b"x"),
        ("./etc/cron.d/job", tarfile.REGTYPE, b"x"),
        (INSIDE + "null", tarfile.CHRTYPE, b""),
        (INSIDE + "pipe", tarfile.FIFOTYPE, b""),
        (INSIDE + "t10k-labels-idx1-ubyte.gz", tarfile.SYMTYPE, b""),
        (INSIDE + "t10k-labels-idx1-ubyte.gz", tarfile.LNKTYPE, b""),
        (INSIDE + "../fashion-mnist/train-labels-idx1-ubyte.gz", tarfile.REGTYPE, b"x"),
    ]
    good = [(f"{INSIDE}{file}.gz", tarfile.REGTYPE, content(file)) for file in FILES]
    again = [(f"{INSIDE}{FILES[0]}.gz", tarfile.REGTYPE, b"another")]
    make_deb(tmp_path / "a.deb", evil + good + again)
    taken = list(fetch._read_deb(tmp_path / "a.deb", FILES))
    assert taken == [(file, content(file)) for file in FILES]
    assert [p.name for p in tmp_path.iterdir()] == ["a.deb"]


@pytest.mark.fault
@needs_dpkg
def test_a_package_without_the_files(tmp_path):
    make_deb(tmp_path / "a.deb", [(INSIDE + FILES[0] + ".gz", tarfile.SYMTYPE, b"")])
    with pytest.raises(DataError, match="has no "):
        list(fetch._read_deb(tmp_path / "a.deb", FILES))
    (tmp_path / "b.deb").write_bytes(b"not a package")
    with pytest.raises(DataError):
        list(fetch._read_deb(tmp_path / "b.deb", FILES))


@pytest.mark.fault
def test_without_apt_get(tmp_path, monkeypatch, folder, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError):
        fetch.obtain(edition("official", Source("Debian", "apt", "nothing", {})), folder)
    assert "this system has no apt-get" in capsys.readouterr().err


@pytest.mark.fault
@needs_dpkg
@pytest.mark.parametrize(
    ("script", "words"),
    [("echo 'E: no network' >&2; exit 100", "E: no network"), ("exit 0", "0 archives, not one")],
)
def test_apt_get_that_fails(script, words, tmp_path, monkeypatch, folder, capsys):
    program = tmp_path / "apt-get"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(DataError):
        fetch.obtain(edition("official", Source("Debian", "apt", "nothing", {})), folder)
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("home", ["a folder", "ein Ordner mit Ä", None])
def test_the_cache_is_where_mxnet_looks(home, tmp_path, monkeypatch):
    if home is None:
        monkeypatch.delenv("MXNET_HOME", raising=False)
    else:
        monkeypatch.setenv("MXNET_HOME", str(tmp_path / home))
    assert str(fetch.cache_root()) == os.path.join(mxnet.base.data_dir(), "datasets")


# Root may write anywhere, unless this is taken from it.
AS_USER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--"]
if os.getuid() != 0:
    AS_USER = []


def can_be_a_user():
    with contextlib.suppress(OSError):
        return subprocess.run([*AS_USER, "true"], check=False).returncode == 0
    return False


@pytest.mark.fault
@pytest.mark.skipif(not can_be_a_user(), reason="runs as root, and setpriv does not work here")
@pytest.mark.parametrize("what", ["read-only folder", "unreadable files", "another's folder"])
def test_a_cache_without_the_rights(what, folder):
    fetch.obtain(edition("official", FOLDER), folder)
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
    # The data are had all the same.
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    if what == "read-only folder":
        assert len(lines) == 1
        assert f"{FILES[2]}: cannot be kept in the cache" in lines[0]
    elif what == "unreadable files":
        assert [line.count("cannot be read (Permission denied)") for line in lines] == [1] * 4
        # They were mended, since the folder may be written.
        assert_whole(fetch.read_cache(edition("official"), folder))
    elif os.getuid() == 0:
        assert [line.count("Permission denied") for line in lines] == [1] * len(lines)
        assert len(lines) in (4, 8)


@pytest.mark.fault
def test_no_home_folder(monkeypatch, capsys):
    monkeypatch.delenv("MXNET_HOME", raising=False)
    # Nobody can make a folder there.
    monkeypatch.setenv("HOME", "/proc/no/home")
    folder = fetch.cache_root() / "edition"
    assert str(folder).startswith("/proc/no/home")
    arrays, _ = fetch.obtain(edition("official", FOLDER), folder)
    assert_whole(arrays)
    assert capsys.readouterr().err.count("cannot be kept in the cache") == len(FILES)

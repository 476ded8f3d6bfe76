import contextlib
import io
import os
import shutil
import tarfile
import time

import pytest
from server import content, edition

from gluon_softmax.data import cache, debian_package
from gluon_softmax.data.editions import FILES, Source
from gluon_softmax.errors import DataError


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
    taken = list(debian_package.read_deb(tmp_path / "a.deb", FILES))
    assert taken == [(file, content(file)) for file in FILES]
    assert [p.name for p in tmp_path.iterdir()] == ["a.deb"]


@needs_dpkg
def test_a_package_without_the_files(tmp_path):
    make_deb(tmp_path / "a.deb", [(INSIDE + FILES[0] + ".gz", tarfile.SYMTYPE, b"")])
    with pytest.raises(DataError, match="does not contain train-images-idx3-ubyte"):
        list(debian_package.read_deb(tmp_path / "a.deb", FILES))
    (tmp_path / "b.deb").write_bytes(b"not a package")
    with pytest.raises(DataError):
        list(debian_package.read_deb(tmp_path / "b.deb", FILES))


def test_without_apt_get(tmp_path, monkeypatch, folder, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError):
        cache.obtain(edition("official", Source("Debian", "apt", "nothing", {})), folder)
    assert "this system has no apt-get" in capsys.readouterr().err


@pytest.mark.posix
@needs_dpkg
def test_the_download_shows_its_progress(tmp_path, monkeypatch, capsys):
    """By an apt-get that writes the package in two parts, and a bar that records its arguments."""
    good = [(f"{INSIDE}{file}.gz", tarfile.REGTYPE, content(file)) for file in FILES]
    make_deb(tmp_path / "whole", good)
    size = (tmp_path / "whole").stat().st_size
    program = tmp_path / "apt-get"
    program.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *" download "*) head -c 1000 {tmp_path}/whole > a.deb; sleep 1; '
        f"cp {tmp_path}/whole a.deb; sleep 1;; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    bars = []

    class Bar(contextlib.nullcontext):
        def __init__(self, **options):
            super().__init__(self)
            self.n, self.seen, self.options = 0, [], options
            bars.append(self)

        def update(self, more):
            self.n += more
            self.seen.append(self.n)

    monkeypatch.setattr(debian_package, "progress", Bar)
    found = dict(debian_package.read(Source("Debian's package", "apt", "the-package", {}), FILES))
    assert found == {file: content(file) for file in FILES}
    update, download = bars
    assert {1000, size} <= set(download.seen)
    assert download.options["desc"] == "apt-get download"
    assert download.options["total"] == debian_package.DEB_BYTES
    assert update.options["total"] is None
    # In MB, not in bytes.
    assert (download.options["unit"], download.options["unit_scale"]) == ("B", True)
    assert capsys.readouterr().err == (
        "Debian's package: apt-get downloads the-package (31 MB, about 20 s); it installs nothing\n"
    )


@pytest.mark.posix
@needs_dpkg
def test_apt_get_that_does_not_end(tmp_path, monkeypatch):
    program = tmp_path / "apt-get"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(debian_package, "PATIENCE", 0.5)
    start = time.monotonic()
    with pytest.raises(DataError, match=r"apt-get update: not finished after 0\.5 s"):
        list(debian_package.read(Source("Debian", "apt", "nothing", {}), FILES))
    assert time.monotonic() - start < 10


@needs_dpkg
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'E: no network' >&2; exit 100", "E: no network"),
        ("exit 0", "downloaded 0 packages, expected 1"),
    ],
)
def test_apt_get_that_fails(script, words, tmp_path, monkeypatch, folder, capsys):
    program = tmp_path / "apt-get"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(DataError):
        cache.obtain(edition("official", Source("Debian", "apt", "nothing", {})), folder)
    assert words in capsys.readouterr().err

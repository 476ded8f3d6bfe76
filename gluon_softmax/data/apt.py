"""Debian's package as a source: apt-get downloads it, and nothing is installed."""

import contextlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Iterator, List, Sequence, Tuple

from ..console import say
from ..errors import DataError
from .editions import LARGEST_GZ, Source

# For each of apt-get's two steps, in seconds.
PATIENCE = 120


def read(source: Source, files: Sequence[str]) -> Iterator[Tuple[str, bytes]]:
    """Read files from the package ``source.location``; as :data:`editions.Reader` says."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise DataError("this system has no apt-get")
    say(f"{source.name}: apt-get downloads {source.location} (31 MB), nothing is installed")
    with tempfile.TemporaryDirectory() as folder:
        lists, cache = Path(folder, "lists"), Path(folder, "cache")
        for needed in (lists / "partial", cache / "archives" / "partial"):
            needed.mkdir(parents=True)
        apt = ["apt-get", "-q", "-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]
        # Root's apt-get would hand the folder, which is private, to its own user.
        apt += ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=1"]
        # An archive's or a wrong clock's Release file has expired; the content is checked anyway.
        apt += ["-o", "Acquire::Check-Valid-Until=false"]
        apt += ["-o", "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10"]
        _run([*apt, "update"], folder)
        _run([*apt, "download", source.location], folder)
        archives = list(Path(folder).glob("*.deb"))
        if len(archives) != 1:
            raise DataError(f"apt-get gave {len(archives)} archives, not one")
        yield from read_deb(archives[0], files)


def _run(command: List[str], folder: str) -> None:
    try:
        subprocess.run(
            command,
            cwd=folder,
            check=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"{command[0]} {command[-1]}: not done after {PATIENCE} s") from error
    except subprocess.CalledProcessError as error:
        lines = error.stdout.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise DataError(f"{command[0]}: {lines[-1]}") from error


def read_deb(archive: Path, files: Sequence[str]) -> Iterator[Tuple[str, bytes]]:
    """Take the expected regular files out of a Debian package, and nothing else."""
    wanted = {f"./usr/share/datasets/fashion-mnist/{file}.gz": file for file in files}
    command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        )
        stack.callback(process.kill)
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                for member in tar:
                    if member.name in wanted and member.isreg():
                        stream = tar.extractfile(member)
                        gz = stream.read(LARGEST_GZ + 1) if stream else b""
                        if len(gz) > LARGEST_GZ:
                            raise DataError(f"{member.name}: more than {LARGEST_GZ} bytes")
                        yield wanted.pop(member.name), gz
        except (tarfile.TarError, OSError, EOFError) as error:
            raise DataError(f"{archive.name}: not a readable Debian package ({error})") from error
    if wanted:
        raise DataError(f"{archive.name}: has no {sorted(wanted)[0]}")

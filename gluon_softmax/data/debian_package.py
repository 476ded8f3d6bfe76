"""Source: Debian's package. apt-get downloads it and installs nothing."""

import contextlib
import shutil
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Tuple

from ..console import notify, progress
from ..errors import DataError
from .editions import LARGEST_GZ, Source

# Time limit of each of apt-get's two steps, in seconds.
PATIENCE = 120
DEB_BYTES = 30_900_652


def read(source: Source, files: Sequence[str]) -> Iterator[Tuple[str, bytes]]:
    """Yield files from the package ``source.location``; a :data:`editions.Reader`."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise DataError("this system has no apt-get")
    notify(
        f"{source.name}: apt-get downloads {source.location} ({DEB_BYTES / 1e6:.0f} MB, about "
        "20 s); it installs nothing"
    )
    with tempfile.TemporaryDirectory() as folder:
        lists, cache = Path(folder, "lists"), Path(folder, "cache")
        for needed in (lists / "partial", cache / "archives" / "partial"):
            needed.mkdir(parents=True)
        apt = ["apt-get", "-q", "-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]
        # By default root's apt-get downloads as another user, who cannot write to this folder.
        apt += ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=1"]
        # Accept an expired Release file (of an archive, or under a wrong clock): the content is
        # verified anyway.
        apt += ["-o", "Acquire::Check-Valid-Until=false"]
        apt += ["-o", "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10"]
        _run([*apt, "update"], folder, "update", "lists/**/*")
        _run([*apt, "download", source.location], folder, "download", "*.deb", DEB_BYTES)
        archives = list(Path(folder).glob("*.deb"))
        if len(archives) != 1:
            raise DataError(f"apt-get downloaded {len(archives)} packages, expected 1")
        yield from read_deb(archives[0], files)


def _run(
    command: List[str], folder: str, step: str, pattern: str, total: Optional[int] = None
) -> None:
    """Run apt-get; a bar shows the size of the files in the folder that match the pattern."""
    deadline = time.monotonic() + PATIENCE
    with contextlib.ExitStack() as stack:
        bar = stack.enter_context(
            progress(total=total, unit="B", unit_scale=True, desc=f"apt-get {step}")
        )
        process = stack.enter_context(
            subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        )
        stack.callback(process.kill)
        output = None
        while output is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                output, _ = process.communicate(timeout=0.2)
            if output is None and time.monotonic() > deadline:
                raise DataError(f"apt-get {step}: not finished after {PATIENCE} s")
            # apt-get renames files meanwhile.
            with contextlib.suppress(OSError):
                bar.update(sum(p.stat().st_size for p in Path(folder).glob(pattern)) - bar.n)
    if process.returncode:
        lines = output.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise DataError(f"apt-get {step}: {lines[-1]}")


def read_deb(archive: Path, files: Sequence[str]) -> Iterator[Tuple[str, bytes]]:
    """Yield the expected regular files of a Debian package, and nothing else."""
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
        raise DataError(f"{archive.name}: does not contain {next(iter(wanted.values()))}")

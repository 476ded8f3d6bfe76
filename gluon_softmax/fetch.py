"""Get an edition: from the cache, or from the first source whose files verify."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Dict, Iterator, Optional, Sequence, Tuple
from urllib.parse import urljoin, urlsplit

import numpy as np

from .console import progress, say
from .editions import FILES, NUM_CLASSES, Edition, Source
from .errors import DataError
from .idx import kind_of, read_idx, read_idx_path

# Seconds to wait for a connection and for each piece of an answer.
TIMEOUT = (4, 10)
# A server that gives less than this many bytes a second, averaged from the tenth second on, is
# given up: at this rate the data set takes half an hour.
SLOWEST = 16_000
GRACE = 10
RETRIES = 1
# The largest .gz of either edition has 26 MB.
LARGEST_GZ = 40_000_000
APT_SECONDS = 120
# How long a source that was out of reach is left alone by a search that can do without it.
REMEMBER_SECONDS = 24 * 3600
_STAGING = ".fetch-"
MEMORY = "out-of-reach.json"

Arrays = Dict[str, np.ndarray]


def cache_root() -> Path:
    """Tell MXNet's folder of data sets: ``$MXNET_HOME/datasets``, by default under ``~/.mxnet``.

    Returns
    -------
    pathlib.Path
        The folder, which may not exist.

    Notes
    -----
    The same rule as ``mxnet.base.data_dir``, without importing MXNet.
    """
    home = os.environ.get("MXNET_HOME")
    if not home:
        if os.name == "nt" and os.environ.get("APPDATA"):
            home = os.path.join(os.environ["APPDATA"], "mxnet")
        else:
            home = os.path.join(os.path.expanduser("~"), ".mxnet")
    return Path(home) / "datasets"


def obtain(
    edition: Edition,
    folder: Path,
    sources: Optional[Sequence[Source]] = None,
    optional: bool = False,
) -> Tuple[Arrays, str]:
    """Read an edition's four files, verified, fetching what the cache lacks.

    Parameters
    ----------
    edition : Edition
        Which edition.
    folder : pathlib.Path
        Its folder in the cache.
    sources : sequence of Source, optional
        Where to look after the cache; by default the edition's own.
    optional : bool
        Whether the caller can do without it: then sources that were out of reach within the last
        day are not asked again.

    Returns
    -------
    arrays : dict of str to numpy.ndarray of uint8
        By file name; images (count, 28, 28), labels (count,).
    origin : str
        Where they came from, for people.

    Raises
    ------
    DataError
        If no source has all files.
    """
    arrays = read_cache(edition, folder)
    origin = "the cache"
    for source in edition.sources if sources is None else sources:
        missing = [file for file in FILES if file not in arrays]
        if not missing:
            return arrays, origin
        if optional and _was_out_of_reach(folder, source):
            continue
        try:
            for file, gz in _READERS[source.kind](source, missing, folder):
                arrays[file] = _take_in(edition, folder, file, gz, source.name)
        except DataError as error:
            say(f"{edition.name} edition: {source.name}: {error}")
            if optional:
                _remember_out_of_reach(folder, source)
        else:
            origin = source.name
    if len(arrays) < len(FILES):
        raise DataError(
            f"the {edition.name} edition could not be had from any source; with a network, "
            f"`python -m gluon_softmax data --edition {edition.name} fetch` tries again, and "
            "--data-dir FOLDER reads IDX files of your own"
        )
    return arrays, origin


def read_cache(edition: Edition, folder: Path) -> Arrays:
    """Read those of an edition's files that the cache has; set aside those that fail their check.

    Parameters
    ----------
    edition : Edition
        Which edition.
    folder : pathlib.Path
        Its folder in the cache, which may not exist.

    Returns
    -------
    dict of str to numpy.ndarray of uint8
        By file name; only what is there and verified.
    """
    arrays = {}
    _clear_stale_staging(folder)
    for file in FILES:
        path = folder / (file + edition.suffix)
        try:
            if path.is_file():
                arrays[file] = _verify_cached(edition, file, path)
        except DataError as error:
            aside = path.with_name(path.name + ".rejected")
            try:
                os.replace(path, aside)
                say(f"{error}; set aside as {aside.name}")
            except OSError as cannot:
                say(f"{error}; it cannot be set aside ({cannot.strerror})")
        except OSError as error:
            say(f"{path}: cannot be read ({error.strerror})")
    return arrays


def _verify_cached(edition: Edition, file: str, path: Path) -> np.ndarray:
    if edition.suffix:
        if path.stat().st_size > LARGEST_GZ:
            raise DataError(f"{path}: {path.stat().st_size} bytes, too large")
        return _decode(edition, file, path.read_bytes(), str(path))[0]
    header, array = read_idx_path(path, kind_of(file))
    _check_sum(edition.checksums[file], (header, array), str(path))
    _check_counts(edition, file, array, str(path))
    return array


def _decode(edition: Edition, file: str, gz: bytes, name: str) -> Tuple[np.ndarray, list]:
    """Check a .gz; return its array and the pieces of what the cache keeps."""
    if edition.suffix:
        _check_sum(edition.checksums[file], (gz,), name)
    with gzip.open(io.BytesIO(gz)) as stream:
        header, array = read_idx(stream, kind_of(file), name)
    if not edition.suffix:
        _check_sum(edition.checksums[file], (header, array), name)
    _check_counts(edition, file, array, name)
    return array, [gz] if edition.suffix else [header, array]


def _check_sum(expected: str, pieces: Sequence, name: str) -> None:
    algorithm, _, digest = expected.partition(":")
    found = hashlib.new(algorithm)
    for piece in pieces:
        found.update(piece)
    if found.hexdigest() != digest:
        raise DataError(f"{name}: its {algorithm} is {found.hexdigest()}, not {digest}")


def _check_counts(edition: Edition, file: str, array: np.ndarray, name: str) -> None:
    expected = edition.per_class[file.split("-")[0]]
    if len(array) != expected * NUM_CLASSES:
        raise DataError(f"{name}: {len(array)} examples, not {expected * NUM_CLASSES}")
    if kind_of(file) == "labels":
        per_class = np.bincount(array, minlength=NUM_CLASSES)
        if (per_class != expected).any():
            raise DataError(f"{name}: {per_class.tolist()} examples a class, not equally many")


def _take_in(edition: Edition, folder: Path, file: str, gz: bytes, source: str) -> np.ndarray:
    """Check a file that a source gave and keep it in the cache, if that can be written."""
    array, pieces = _decode(edition, file, gz, f"{source}: {file}.gz")
    try:
        with _staging(folder) as staging:
            staged = staging / file
            with open(staged, "wb") as out:
                for piece in pieces:
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            os.replace(staged, folder / (file + edition.suffix))
    except OSError as error:
        say(f"{file}: cannot be kept in the cache {folder} ({error.strerror}); used all the same")
    return array


@contextlib.contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Make a folder beside the cache's files, from which a finished one is renamed into place."""
    folder.mkdir(parents=True, exist_ok=True)
    prefix = f"{_STAGING}{socket.gethostname()}-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as staging:
        yield Path(staging)


def _clear_stale_staging(folder: Path) -> None:
    """Remove what killed processes left; a running one's folder stays."""
    with contextlib.suppress(OSError):
        for path in list(folder.glob(_STAGING + "*")):
            host, _, pid = path.name[len(_STAGING) :].rpartition("-")[0].rpartition("-")
            is_old = time.time() - path.stat().st_mtime > REMEMBER_SECONDS
            if is_old or (host == socket.gethostname() and not _is_running(pid)):
                shutil.rmtree(path, ignore_errors=True)


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except OSError:
        return True
    return True


def _was_out_of_reach(folder: Path, source: Source) -> bool:
    when = _recall(folder).get(source.name, 0)
    return isinstance(when, (int, float)) and 0 <= time.time() - when < REMEMBER_SECONDS


def _recall(folder: Path) -> dict:
    try:
        memory = json.loads((folder / MEMORY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return memory if isinstance(memory, dict) else {}


def _remember_out_of_reach(folder: Path, source: Source) -> None:
    memory = {**_recall(folder), source.name: int(time.time())}
    # A memory that cannot be written costs only time.
    with contextlib.suppress(OSError), _staging(folder) as staging:
        (staging / MEMORY).write_text(json.dumps(memory), encoding="utf-8")
        os.replace(staging / MEMORY, folder / MEMORY)


def _read_folder(source: Source, files: Sequence[str], _: Path) -> Iterator[Tuple[str, bytes]]:
    for file in files:
        path = Path(source.location) / f"{file}.gz"
        try:
            with open(path, "rb") as stream:
                gz = stream.read(LARGEST_GZ + 1)
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}") from error
        yield file, _bounded(gz, str(path))


def _bounded(gz: bytes, name: str) -> bytes:
    if len(gz) > LARGEST_GZ:
        raise DataError(f"{name}: more than {LARGEST_GZ} bytes")
    return gz


def _read_url(source: Source, files: Sequence[str], folder: Path) -> Iterator[Tuple[str, bytes]]:
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    with _private_folder(folder) as staging:
        urls = {f"{file}.gz": source.location.format(file=file) for file in files}
        registry = {f"{file}.gz": source.checksums[file] for file in files}
        fetcher = pooch.create(staging, "", registry=registry, urls=urls, retry_if_failed=RETRIES)
        for file in files:
            try:
                path = fetcher.fetch(f"{file}.gz", downloader=_download)
                gz = Path(path).read_bytes()
            except requests.exceptions.RequestException as error:
                raise DataError(f"{file}.gz: {_reason(error)}") from error
            except ValueError as error:
                # What pooch raises for a wrong checksum, in a sentence of three clauses.
                raise DataError(f"{file}.gz: its checksum is wrong") from error
            except OSError as error:
                raise DataError(f"{staging}: {error.strerror}") from error
            yield file, gz


@contextlib.contextmanager
def _private_folder(folder: Path) -> Iterator[Path]:
    """Make a staging folder in the cache, or where the cache is not writable, in the system's."""
    with contextlib.ExitStack() as stack:
        try:
            private = stack.enter_context(_staging(folder))
        except OSError:
            private = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield private


def _reason(error: Exception) -> str:
    """Say in a few words why a request failed; requests' own words run over several lines."""
    import requests

    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}".rstrip()
    for kind, words in (
        (requests.exceptions.ConnectTimeout, "no connection within {} s".format(TIMEOUT[0])),
        (requests.exceptions.Timeout, "no answer within {} s".format(TIMEOUT[1])),
        (requests.exceptions.SSLError, "its certificate cannot be trusted"),
        (requests.exceptions.ProxyError, "the proxy refuses"),
        (requests.exceptions.ChunkedEncodingError, "the connection broke off"),
        (requests.exceptions.ConnectionError, "no connection"),
    ):
        if isinstance(error, kind):
            return words
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _download(url: str, output_file: str, _: object) -> None:
    """Download for pooch, with limits on size, time and redirects that its own has not."""
    import requests

    start = time.monotonic()
    response = _get(url)
    with response, open(output_file, "wb") as out:
        response.raise_for_status()
        total = int(response.headers.get("Content-Length") or 0)
        if total > LARGEST_GZ:
            raise DataError(f"{Path(url).name}: {total} bytes announced, over {LARGEST_GZ}")
        size = 0
        with progress(total=total or None, unit="B", unit_scale=True, desc=Path(url).name) as bar:
            while True:
                try:
                    # One receive at a time, so that a trickle cannot hold the loop up.
                    piece = response.raw.read1(1 << 16)
                except Exception as error:
                    raise requests.exceptions.ChunkedEncodingError(str(error)) from error
                if not piece:
                    break
                out.write(piece)
                size += len(piece)
                bar.update(len(piece))
                seconds = time.monotonic() - start
                if size > LARGEST_GZ:
                    raise DataError(f"{Path(url).name}: more than {LARGEST_GZ} bytes")
                if seconds > GRACE and size < SLOWEST * seconds:
                    raise DataError(f"{Path(url).name}: {size} bytes in {seconds:.0f} s, too slow")
        if total and size != total:
            raise requests.exceptions.ChunkedEncodingError(f"{size} of {total} bytes")


def _get(url: str):
    """Open a URL, following at most three redirects, none to another scheme."""
    import requests

    here = url
    for _ in range(4):
        response = requests.get(here, stream=True, timeout=TIMEOUT, allow_redirects=False)
        if not response.is_redirect:
            return response
        response.close()
        there = urljoin(here, response.headers["Location"])
        if urlsplit(there).scheme != urlsplit(here).scheme:
            raise DataError(f"{url}: redirects to another scheme, {there}")
        here = there
    raise DataError(f"{url}: redirects more than three times")


def _read_apt(source: Source, files: Sequence[str], folder: Path) -> Iterator[Tuple[str, bytes]]:
    """Let apt-get download Debian's package into a private folder, and read the files in it."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise DataError("this system has no apt-get")
    say(f"{source.name}: apt-get downloads {source.location} (31 MB), nothing is installed")
    with tempfile.TemporaryDirectory() as private:
        lists, cache = Path(private, "lists"), Path(private, "cache")
        for needed in (lists / "partial", cache / "archives" / "partial"):
            needed.mkdir(parents=True)
        apt = ["apt-get", "-q", "-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]
        # Root's apt-get would hand the folder, which is private, to its own user.
        apt += ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=1"]
        apt += ["-o", "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10"]
        _run([*apt, "update"], private)
        _run([*apt, "download", source.location], private)
        archives = list(Path(private).glob("*.deb"))
        if len(archives) != 1:
            raise DataError(f"apt-get gave {len(archives)} archives, not one")
        yield from _read_deb(archives[0], files)


def _run(command: Sequence[str], folder: str) -> None:
    try:
        subprocess.run(
            command,
            cwd=folder,
            check=True,
            timeout=APT_SECONDS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"{command[0]} {command[-1]}: not done after {APT_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        lines = error.stdout.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise DataError(f"{command[0]}: {lines[-1]}") from error


def _read_deb(archive: Path, files: Sequence[str]) -> Iterator[Tuple[str, bytes]]:
    """Take the expected regular files out of a Debian package, and nothing else."""
    wanted = {f"./usr/share/datasets/fashion-mnist/{file}.gz": file for file in files}
    command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                for member in tar:
                    file = wanted.get(member.name)
                    if file is None or not member.isreg():
                        continue
                    stream = tar.extractfile(member)
                    gz = stream.read(LARGEST_GZ + 1) if stream else b""
                    del wanted[member.name]
                    yield file, _bounded(gz, member.name)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise DataError(f"{archive.name}: not a readable Debian package ({error})") from error
        finally:
            process.kill()
    if wanted:
        raise DataError(f"{archive.name}: has no {sorted(wanted)[0]}")


_READERS = {"folder": _read_folder, "url": _read_url, "apt": _read_apt}

"""The two editions of Fashion-MNIST: files, checksums and sources.

MXNet's checksums are those of Zalando's first upload (26 August 2017), which Zalando replaced
five days later because training and test set shared images (zalandoresearch/fashion-mnist,
issue 44). All other libraries use the second upload.
"""

from dataclasses import dataclass
from typing import Callable, Iterator, Mapping, Sequence, Tuple

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
NUM_CLASSES = 10
# The largest .gz file of either edition is 26 MB.
LARGEST_GZ = 40_000_000
PARTS = ("train", "t10k")


@dataclass(frozen=True)
class Source:
    """One place that may have an edition.

    ``kind`` selects the reader of ``location``: a folder, a URL with ``{file}`` for the file's name
    without ``.gz``, or a Debian package. ``checksums`` has, for each file,
    ``algorithm:hexadecimal`` of this source's .gz file. It is empty if only the content can be
    verified.
    """

    name: str
    kind: str
    location: str
    checksums: Mapping[str, str]


@dataclass(frozen=True)
class Edition:
    """One edition of the data set, with its sources in the order of the attempts.

    ``folder`` is under MXNet's data folder. ``suffix`` is ``.gz`` if the cache stores the files as
    downloaded, and empty if it stores them unpacked. ``checksums`` has, for each file,
    ``algorithm:hexadecimal`` of the cached file.
    """

    name: str
    folder: str
    suffix: str
    checksums: Mapping[str, str]
    sources: Tuple[Source, ...]


# A reader of one kind of source. From the source and the names of files without .gz, it yields each
# name with the content of the .gz file, or raises DataError. Only the reader of URLs verifies it.
Reader = Callable[[Source, Sequence[str]], Iterator[Tuple[str, bytes]]]


def _per_file(algorithm: str, *sums: str) -> Mapping[str, str]:
    return {file: f"{algorithm}:{digest}" for file, digest in zip(FILES, sums)}


_MXNET_GZ = _per_file(
    "sha1",
    "0cf37b0d40ed5169c6b3aba31069a9770ac9043d",
    "236021d52f1e40852b06a4c3008d8de8aef1e40b",
    "626ed6a7c06dd17c0eec72fa3be1740f146a2863",
    "17f9ab60e7257a1620f4ad76bbbaf857c3920701",
)
_OFFICIAL_GZ = _per_file(
    "md5",
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
)
_OFFICIAL_CONTENT = _per_file(
    "sha256",
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
)
_GITHUB = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/{commit}/data/fashion/"
    "{{file}}.gz"
)

MXNET = Edition(
    name="mxnet",
    # The folder that MXNet's own class and d2lzh read; they check the SHA-1 of the .gz files.
    folder="fashion-mnist",
    suffix=".gz",
    checksums=_MXNET_GZ,
    sources=(
        Source(
            "MXNet's repository",
            "url",
            "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/gluon/dataset/"
            "fashion-mnist/{file}.gz",
            _MXNET_GZ,
        ),
        Source(
            "GitHub (commit of 26 August 2017)",
            "url",
            _GITHUB.format(commit="949006594cc2f804a93b9155849734564c3545ec"),
            _MXNET_GZ,
        ),
    ),
)

OFFICIAL = Edition(
    name="official",
    folder="fashion-mnist-official",
    suffix="",
    checksums=_OFFICIAL_CONTENT,
    sources=(
        # Debian compresses the files itself, so only their content can be verified.
        Source("Debian's installed copy", "folder", "/usr/share/datasets/fashion-mnist", {}),
        Source(
            "GitHub (commit of 31 August 2017)",
            "url",
            _GITHUB.format(commit="658ec8c1128c1d31796c5260af8b78eca85d6f8b"),
            _OFFICIAL_GZ,
        ),
        Source(
            "Zalando's file server",
            "url",
            # The server has no HTTPS; the checksum alone authenticates the files.
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/{file}.gz",
            _OFFICIAL_GZ,
        ),
        Source("Debian's package", "apt", "dataset-fashion-mnist", {}),
    ),
)

EDITIONS = {edition.name: edition for edition in (OFFICIAL, MXNET)}

import gzip
import io
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gluon_softmax.data.editions import FILES
from gluon_softmax.data.idx import (
    MAX_EXAMPLES,
    is_file,
    kind_of,
    read_idx,
    read_idx_path,
)
from gluon_softmax.errors import DataError


def idx(array, magic=None, count=None, sides=(28, 28)):
    """Return the bytes of an IDX file, or of one with a false header."""
    is_images = array.ndim == 3
    fields = [magic or (2051 if is_images else 2049), len(array) if count is None else count]
    return np.array(fields + list(sides) * is_images, ">u4").tobytes() + array.tobytes()


IMAGES = np.random.RandomState(0).randint(0, 256, (20, 28, 28)).astype(np.uint8)
LABELS = np.arange(20, dtype=np.uint8) % 10


@pytest.mark.posix
def test_paths_that_are_files(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    places = [tmp_path / name for name in ("file", "link", "loop", "pipe", "none", "file/none")]
    assert [is_file(place) for place in places] == [True, True, False, False, False, False]
    assert not is_file(tmp_path)
    with pytest.raises(OSError, match="too long"):
        is_file(tmp_path / ("x" * 300))


def test_kinds():
    assert [kind_of(file) for file in FILES] == ["images", "labels"] * 2


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_whole_files(tmp_path, ending):
    for kind, array in (("images", IMAGES), ("labels", LABELS)):
        path = tmp_path / f"{kind}-ubyte{ending}"
        content = idx(array)
        path.write_bytes(gzip.compress(content) if ending else content)
        header, found = read_idx_path(path, kind)
        np.testing.assert_array_equal(found, array)
        assert header + found.tobytes() == content


@pytest.mark.parametrize("count", [1, MAX_EXAMPLES])
def test_the_fewest_and_the_most_examples(count):
    labels = np.zeros(count, np.uint8)
    _, found = read_idx(io.BytesIO(idx(labels)), "labels", "file")
    np.testing.assert_array_equal(found, labels)


BAD = {
    "empty": (b"", "too short"),
    "half a header": (idx(IMAGES)[:9], "too short"),
    "labels for images": (idx(LABELS) + bytes(99), "magic number 2049"),
    "of another type": (idx(IMAGES, magic=0x0D03), "magic number 3331"),
    "other sides": (idx(IMAGES, sides=(14, 56)), "14x56 pixels"),
    "larger sides": (idx(IMAGES, sides=(28, 29)), "28x29 pixels"),
    "none": (idx(IMAGES[:0]), "claims 0 examples"),
    "four billion": (idx(IMAGES, count=2**32 - 1), "claims 4294967295 examples"),
    "too many": (idx(IMAGES, count=MAX_EXAMPLES + 1), "claims 1000001 examples"),
    "more than there are": (idx(IMAGES, count=21), "15696 bytes; its header announces 16480"),
    "many more": (idx(IMAGES[:9], count=21), "ends after 7072 bytes; its header announces 16480"),
    "fewer than there are": (idx(IMAGES, count=19), "longer than the 14912 bytes that"),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_refused_values(what, ending, tmp_path):
    content, words = BAD[what]
    path = tmp_path / f"images{ending}"
    path.write_bytes(gzip.compress(content) if ending else content)
    with pytest.raises(DataError, match=words) as caught:
        read_idx_path(path, "images")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("label", [10, 255])
def test_labels_out_of_range_are_named(label):
    labels = LABELS.copy()
    labels[[7, 9]] = label
    with pytest.raises(DataError, match=f"mine: label {label} at index 7, expected 0 to 9"):
        read_idx(io.BytesIO(idx(labels)), "labels", "mine")


GZ = gzip.compress(idx(IMAGES), 6, mtime=0)


@pytest.mark.parametrize(
    "content", [GZ[:100], GZ[:-1], GZ + b"tail", b"\x1f\x8b" + bytes(50), b"<html>", GZ[5:]]
)
def test_damaged_gzip(content, tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"images.gz: (cannot be read \(|magic number|longer)"):
        read_idx_path(path, "images")


def test_a_bomb_is_not_unpacked(tmp_path):
    # 200 MB behind a header that says 15,680 bytes: one byte too many is enough to refuse it.
    path = tmp_path / "images.gz"
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(idx(IMAGES))
        for _ in range(200):
            out.write(bytes(1 << 20))
    with pytest.raises(DataError, match="longer than"):
        read_idx_path(path, "images")


@st.composite
def mutated(draw):
    """A file of images or labels with some of its bytes changed, cut off or added."""
    kind = draw(st.sampled_from(["images", "labels"]))
    content = bytearray(idx(IMAGES if kind == "images" else LABELS))
    for _ in range(draw(st.integers(0, 4))):
        # Most errors are in the header.
        last = draw(st.sampled_from([15, len(content) - 1]))
        content[draw(st.integers(0, min(last, len(content) - 1)))] = draw(st.integers(0, 255))
    size = draw(st.integers(-len(content), 40))
    content = content[:size] if size < 0 else content + bytes(size)
    if draw(st.booleans()):
        content = bytearray(gzip.compress(bytes(content), 1))
        if draw(st.booleans()) and content:
            content[draw(st.integers(0, len(content) - 1))] ^= draw(st.integers(1, 255))
        return kind, bytes(content), True
    return kind, bytes(content), False


@settings(max_examples=400, deadline=None)
@given(case=mutated(), asked=st.sampled_from(["images", "labels"]))
def test_whatever_the_bytes(case, asked):
    kind, content, zipped = case
    plain_stream = io.BytesIO(content)
    try:
        with gzip.open(plain_stream) if zipped else plain_stream as stream:
            header, array = read_idx(stream, asked, "file")
    except DataError as error:
        assert str(error).count("\n") == 0  # noqa: PT017  (nothing wrong need be there)
        return
    plain = gzip.decompress(content) if zipped else content
    assert asked == kind
    assert header + array.tobytes() == plain
    assert int.from_bytes(plain[4:8], "big") == len(array)

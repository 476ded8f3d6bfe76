import io
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from gluon_softmax.errors import ParametersError
from gluon_softmax.training.parameters import load_parameters, save_parameters

W = np.random.RandomState(0).normal(size=(784, 10)).astype(np.float32)
B = np.arange(10, dtype=np.float32)
SHAPES = {"W": (784, 10), "b": (10,)}


def archive(**members):
    """Return the bytes of a zip file with these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return out.getvalue()


def npy(array):
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


def header(shape, dtype="<f4"):
    """Return the header of an .npy file that claims a shape."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        out, {"descr": dtype, "fortran_order": False, "shape": shape}
    )
    return out.getvalue()


def test_round_trip(tmp_path):
    path = tmp_path / "a file é.npz"
    save_parameters(str(path), {"W": W, "b": B})
    loaded = load_parameters(str(path), SHAPES)
    for put, got in ((W, loaded["W"]), (B, loaded["b"])):
        assert got.dtype == np.float32
        np.testing.assert_array_equal(put, got)
    # NumPy alone can read it, too.
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["W"], W)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_saved_over_an_older_file_or_not_at_all(tmp_path):
    path = tmp_path / "p.npz"
    save_parameters(str(path), {"W": W, "b": B})
    save_parameters(str(path), {"W": 2 * W, "b": B})
    np.testing.assert_array_equal(load_parameters(str(path), SHAPES)["W"], 2 * W)
    with pytest.raises(ParametersError, match="cannot be written"):
        save_parameters(str(tmp_path / "none" / "p.npz"), {"W": W, "b": B})


NAN = W.copy()
NAN[3, 3] = np.nan
BAD = {
    "empty": b"",
    "text": b"these are not parameters",
    "not an archive": b"PK\x03\x04" + bytes(100),
    "a pickle": pickle.dumps({"W": W}),
    "a single array": npy(W),
    "without b": archive(W=npy(W)),
    "with more": archive(W=npy(W), b=npy(B), c=npy(B)),
    "other names": archive(w=npy(W), b=npy(B)),
    "Gluon's shape": archive(W=npy(W.T.copy()), b=npy(B)),
    "float64": archive(W=npy(W.astype(np.float64)), b=npy(B)),
    "big-endian": archive(W=npy(W.astype(">f4")), b=npy(B)),
    "in Fortran's order": archive(W=npy(np.asfortranarray(W)), b=npy(B)),
    "not finite": archive(W=npy(NAN), b=npy(B)),
    "objects": archive(W=npy(np.array([{}] * 7840).reshape(784, 10)), b=npy(B)),
    "too short": archive(W=header((784, 10)) + bytes(100), b=npy(B)),
    "too long": archive(W=npy(W) + bytes(1), b=npy(B)),
    "claims 10 GB": archive(W=header((250_000_000, 10)), b=npy(B)),
    "not an .npy": archive(W=b"W", b=npy(B)),
}


@pytest.mark.parametrize("what", BAD)
def test_refused_values(what, tmp_path):
    path = tmp_path / "p.npz"
    path.write_bytes(BAD[what])
    with pytest.raises(ParametersError) as caught:
        load_parameters(str(path), SHAPES)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    if what == "text":
        words = f"{path}: not a file of saved parameters (File is not a zip file)"
        assert str(caught.value) == words


def test_every_truncation_is_refused(tmp_path):
    whole = archive(W=npy(W), b=npy(B))
    path = tmp_path / "p.npz"
    for size in range(0, len(whole), len(whole) // 50):
        path.write_bytes(whole[:size])
        with pytest.raises(ParametersError):
            load_parameters(str(path), SHAPES)


def test_damaged_bytes_are_refused_or_harmless(tmp_path):
    whole = bytearray(archive(W=npy(W), b=npy(B)))
    path = tmp_path / "p.npz"
    random = np.random.RandomState(0)
    refused = 0
    for _ in range(200):
        damaged = whole.copy()
        damaged[random.randint(len(whole))] ^= random.randint(1, 256)
        path.write_bytes(damaged)
        try:
            got = load_parameters(str(path), SHAPES)
        except ParametersError:
            refused += 1
        else:
            # Such as a date in the archive's index.
            np.testing.assert_array_equal(got["W"], W)
    assert refused > 100


@pytest.mark.parametrize("name", ["none.npz", "."])
def test_missing_files(tmp_path, name):
    with pytest.raises(ParametersError, match="cannot be read"):
        load_parameters(str(tmp_path / name), SHAPES)


@pytest.mark.posix
def test_a_bomb_takes_no_memory(tmp_path):
    path = tmp_path / "p.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        with file.open("W.npy", "w", force_zip64=True) as member:
            member.write(header((784, 10)))
            for _ in range(300):
                member.write(bytes(1 << 20))
        file.writestr("b.npy", npy(B))
    code = (
        "import sys; from gluon_softmax.training.parameters import load_parameters\n"
        "from gluon_softmax.errors import ParametersError\n"
        "try: load_parameters(sys.argv[1], {'W': (784, 10), 'b': (10,)})\n"
        "except ParametersError as error: print(error)"
    )
    import resource

    limit = 2 << 30
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    assert "length" in done.stdout.decode()


@pytest.mark.posix
def test_special_files_are_not_read(tmp_path):
    """Reading a device may never end, and reading a pipe may never begin."""
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", str(tmp_path / "pipe")):
        with pytest.raises(ParametersError, match="not a regular file"):
            load_parameters(path, SHAPES)

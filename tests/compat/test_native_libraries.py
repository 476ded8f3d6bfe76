"""Native libraries that MXNet needs."""

import ctypes
import os
import platform
import shlex
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from gluon_softmax.compat import native_libraries
from gluon_softmax.errors import MissingLibrary

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux' wheels lack libraries")
SITE = Path(find_spec("numpy").submodule_search_locations[0]).parent


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A folder for libmxnet.so beside this environment's wheels, on a system without libraries."""
    for name in ("pykdtree.libs", "scikit_learn.libs", "scipy.libs", "cmeel.prefix"):
        if (SITE / name).exists():
            (tmp_path / name).symlink_to(SITE / name)
    (tmp_path / "mxnet").mkdir()
    load = ctypes.CDLL

    def only_by_path(name, *args):
        if os.sep not in str(name):
            raise OSError(f"{name}: cannot open shared object file")
        return load(name, *args)

    monkeypatch.setattr(native_libraries.ctypes, "CDLL", only_by_path)
    monkeypatch.setattr(native_libraries, "note", lambda name, broken_by: None)
    return tmp_path / "mxnet"


@pytest.fixture
def noted(monkeypatch):
    """The libraries that were reported as supplied."""
    reported = []
    monkeypatch.setattr(native_libraries, "note", lambda name, broken_by: reported.append(name))
    return reported


@linux
def test_libraries_that_are_missing_come_from_wheels(bare):
    native_libraries.link_libraries(bare)
    names = {"libgomp.so.1"} | ({"libquadmath.so.0"} if platform.machine() == "x86_64" else set())
    assert {path.name for path in bare.iterdir()} >= names
    for path in bare.iterdir():
        assert path.is_symlink()
        assert not os.path.isabs(os.readlink(path))
        ctypes.CDLL(str(path))
    # Found by their functions, not by their names.
    threads = ctypes.CDLL(str(bare / "libgomp.so.1")).omp_get_max_threads()
    assert threads >= 1
    native_libraries.link_libraries(bare)


@linux
def test_no_links_if_the_loader_finds_all_libraries(tmp_path, monkeypatch):
    monkeypatch.setattr(native_libraries.ctypes, "CDLL", lambda name: None)
    native_libraries.link_libraries(tmp_path)
    assert list(tmp_path.iterdir()) == []


@linux
@pytest.mark.parametrize("kind", ["a link that leads nowhere", "a file that is no library"])
def test_a_useless_library_is_replaced(kind, bare):
    if "link" in kind:
        (bare / "libgomp.so.1").symlink_to("gone.so")
    else:
        (bare / "libgomp.so.1").write_text("no library")
    native_libraries.link_libraries(bare)
    ctypes.CDLL(str(bare / "libgomp.so.1"))


@linux
def test_supplied_libraries_are_listed(bare, noted):
    native_libraries.link_libraries(bare)
    assert len(noted) == len(list(bare.iterdir()))
    target = Path(os.readlink(bare / "libgomp.so.1"))
    assert f"libgomp.so.1 from {target.parent.name}" in noted
    noted.clear()
    native_libraries.link_libraries(bare)
    assert noted == []


@linux
def test_on_arm(bare, monkeypatch):
    """Each of Arm's own libraries is replaced by one that has its functions."""
    monkeypatch.setattr(native_libraries.platform, "machine", lambda: "aarch64")
    if not (bare.parent / "cmeel.prefix").exists():
        (bare.parent / "cmeel.prefix" / "lib").mkdir(parents=True)
        (bare.parent / "cmeel.prefix" / "lib" / "libopenblas.so").touch()
    native_libraries.link_libraries(bare)
    leads = {path.name: path.resolve().name.split(".")[0] for path in bare.iterdir()}
    assert leads.pop("libgomp.so.1").startswith("libgomp-")
    assert leads.pop("libarmpl_lp64_mp.so").startswith("libopenblas")
    assert {name: lead.split("-")[0] for name, lead in leads.items()} == {
        "libamath.so": "libm",
        "libastring.so": "libc",
    }


@linux
def test_either_wheel_with_libgomp(bare):
    """For example, pykdtree has no wheel for Python 3.15."""
    for folder in bare.parent.glob("pykdtree.libs"):
        folder.unlink()
    for folder in bare.parent.glob("scikit_learn.libs"):
        folder.unlink()
    (bare.parent / "scikit_learn.libs").mkdir()
    (bare.parent / "scikit_learn.libs" / "libgomp-1.so").touch()
    native_libraries.link_libraries(bare)
    assert os.readlink(bare / "libgomp.so.1") == "../scikit_learn.libs/libgomp-1.so"


@linux
@pytest.mark.parametrize(("module", "name"), [("os", "getpid"), ("threading", "get_ident")])
def test_another_process_links_at_the_same_time(module, name, bare, monkeypatch):
    """Another process, whose threads may have the same number, or another thread."""
    replace, own = os.replace, getattr(getattr(native_libraries, module), name)()

    def after_another(*paths):
        monkeypatch.setattr(native_libraries.os, "replace", replace)
        monkeypatch.setattr(getattr(native_libraries, module), name, lambda: own + 1)
        native_libraries._link(bare / "libgomp.so.1", Path("its.so"))
        replace(*paths)

    monkeypatch.setattr(native_libraries.os, "replace", after_another)
    native_libraries._link(bare / "libgomp.so.1", bare / "ours.so")
    assert os.readlink(bare / "libgomp.so.1") == "ours.so"
    assert len(list(bare.iterdir())) == 1


@linux
def test_two_at_once(bare):
    errors = []

    def supply():
        try:
            native_libraries.link_libraries(bare)
        except BaseException as error:
            errors.append(error)

    several = [threading.Thread(target=supply) for _ in range(8)]
    for thread in several:
        thread.start()
    for thread in several:
        thread.join()
    assert errors == []
    assert {path.name[0] for path in bare.iterdir()} == {"l"}


@linux
def test_a_folder_that_cannot_be_written_is_one_line(bare):
    folder = bare.with_name("none")
    with pytest.raises(MissingLibrary, match=r"its folder is not writable .*: ln -sf .*libgomp-"):
        native_libraries.link_libraries(folder)


@linux
def test_no_wheel_with_the_library_is_one_line(bare):
    for folder in bare.parent.glob("*.libs"):
        folder.unlink()
    with pytest.raises(MissingLibrary, match="the package pykdtree contains it, so run: pip"):
        native_libraries.link_libraries(bare)


@linux
def test_a_library_that_every_process_has_is_found():
    path = native_libraries._path_of("libc.so.6")
    assert ctypes.CDLL(str(path)).getpid() == os.getpid()


@linux
def test_whatever_else_is_mapped(tmp_path, monkeypatch):
    """A name that is not UTF-8, and a name that only contains the other."""
    maps = tmp_path / "maps"
    names = (b"/d\xff/x", b"/usr/libc.so.6.old", b"/lib/libc.so.6")
    maps.write_bytes(b"".join(b"7f-80 r--p 0 fe:00 1   " + name + b"\n" for name in names))
    monkeypatch.setattr(
        native_libraries, "open", lambda path, **how: maps.open(**how), raising=False
    )
    assert native_libraries._path_of("libc.so.6") == Path("/lib/libc.so.6")


@linux
def test_a_folder_in_the_place_of_a_link(bare):
    (bare / "libgomp.so.1").mkdir()
    with pytest.raises(MissingLibrary, match=r"libgomp.so.1, but a folder has its name; run: rm"):
        native_libraries.link_libraries(bare)
    assert os.listdir(bare) == ["libgomp.so.1"]


@linux
def test_files_beside_the_script_come_first(bare, monkeypatch):
    """By the dynamic loader: a library of the system may not fit MXNet."""
    asked = []
    monkeypatch.setattr(native_libraries.ctypes, "CDLL", asked.append)
    assert native_libraries._is_there(bare, "libgomp.so.1")
    assert asked == [str(bare / "libgomp.so.1")]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_linear_algebra_is_numpys(dtype):
    """By LAPACK. On ARM, MXNet takes it from Arm's library, which OpenBLAS replaces."""
    import mxnet as mx

    near = {"float32": 2e-5, "float64": 1e-12}[dtype]
    random = np.random.RandomState(0)
    a = random.standard_normal((5, 5))
    spd = a @ a.T + 5 * np.eye(5)
    of = {name: mx.nd.array(m, dtype=dtype) for name, m in {"a": a, "spd": spd}.items()}
    wide = mx.nd.array(a[:3], dtype=dtype)

    def close(ours, theirs):
        np.testing.assert_allclose(ours.asnumpy(), theirs, rtol=near, atol=near)

    close(mx.nd.linalg.potrf(of["spd"]), np.linalg.cholesky(spd))
    close(mx.nd.linalg.inverse(of["spd"]), np.linalg.inv(spd))
    close(mx.nd.linalg.det(of["spd"]) / np.linalg.det(spd), 1)
    close(mx.nd.linalg.gemm2(of["a"], of["a"], transpose_b=True), a @ a.T)
    vectors, values = mx.nd.linalg.syevd(of["spd"])
    close(values, np.linalg.eigvalsh(spd))
    vectors = vectors.asnumpy().astype("float64")
    np.testing.assert_allclose(vectors @ spd @ vectors.T, np.diag(values.asnumpy()), atol=50 * near)
    # In float64, since NumPy's own products of float32 are wrong in an emulator of ARM.
    q, l = (each.asnumpy().astype("float64") for each in mx.nd.linalg.gelqf(wide))
    np.testing.assert_allclose(l @ q, a[:3], atol=10 * near)
    np.testing.assert_allclose(q @ q.T, np.eye(3), atol=10 * near)
    np.testing.assert_array_equal(l, np.tril(l))


def test_windows_without_the_redistributable_is_one_line(tmp_path, monkeypatch):
    asked = []

    def missing(name):
        asked.append(name)
        raise FileNotFoundError(f"Could not find module '{name}' (or one of its dependencies)")

    monkeypatch.setattr(native_libraries.sys, "platform", "win32")
    monkeypatch.setattr(native_libraries.ctypes, "CDLL", missing)
    with pytest.raises(MissingLibrary, match=r"VCOMP140.DLL of .* run: winget install Microsoft"):
        native_libraries.link_libraries(tmp_path)
    assert asked == ["vcomp140.dll"]
    monkeypatch.setattr(native_libraries.ctypes, "CDLL", lambda name: None)
    native_libraries.link_libraries(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_mxnets_own_library_is_missing(tmp_path, monkeypatch):
    monkeypatch.delenv("MXNET_LIBRARY_PATH", raising=False)
    with pytest.raises(MissingLibrary, match="install mxnet again"):
        native_libraries.check_library(tmp_path)
    # The variable is for people who built MXNet themselves.
    monkeypatch.setenv("MXNET_LIBRARY_PATH", "/opt/libmxnet.so")
    native_libraries.check_library(tmp_path)
    monkeypatch.delenv("MXNET_LIBRARY_PATH")
    native_libraries.check_library(SITE / "mxnet")


@linux
def test_commands_in_error_messages_work(bare, monkeypatch):
    def refuse(*args):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(native_libraries.os, "symlink", refuse)
    with pytest.raises(MissingLibrary) as raised:
        native_libraries._link(bare / "it's here" / "libgomp.so.1", Path("/a b/libgomp-1.so"))
    command = str(raised.value).partition("with sufficient rights: ")[2]
    assert shlex.split(command) == [
        *("ln", "-sf", "/a b/libgomp-1.so", str(bare / "it's here" / "libgomp.so.1"))
    ]

"""Platforms on which MXNet cannot run."""

import contextlib
import sys

import pytest
from program import ROOT, run

from gluon_softmax.compat import platform_check
from gluon_softmax.errors import UnsupportedMachine

SAMPLE = str(ROOT / "tests" / "data")


@pytest.mark.parametrize(
    ("glibc", "machine_name", "series", "runs"),
    [
        ("2.17", "x86_64", (3, 9), True),
        ("2.16", "x86_64", (3, 9), False),
        ("2.36", "aarch64", (3, 9), False),
        ("2.36", "aarch64", (3, 10), True),
    ],
)
def test_the_oldest_that_runs(glibc, machine_name, series, runs, monkeypatch):
    monkeypatch.setattr(platform_check.sysconfig, "get_config_var", lambda name: None)
    monkeypatch.setattr(platform_check.sys, "platform", "linux")
    monkeypatch.setattr(platform_check.platform, "libc_ver", lambda: ("glibc", glibc))
    monkeypatch.setattr(platform_check.platform, "machine", lambda: machine_name)
    monkeypatch.setattr(platform_check.sys, "version_info", series)
    with contextlib.nullcontext() if runs else pytest.raises(UnsupportedMachine):
        platform_check.check_platform()


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MXNET_CPU_WORKER_NTHREADS"])
@pytest.mark.parametrize("value", ["", "4", " 4", "-1"])
def test_a_number_of_threads_that_mxnet_takes(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("MXNET_ENGINE_TYPE", "NaiveEngine")
    platform_check.check_platform()


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_the_c_library_matters_on_linux_alone(system, monkeypatch):
    monkeypatch.setattr(platform_check.platform, "libc_ver", lambda: ("", ""))
    # This reads a file of another system.
    monkeypatch.setattr(platform_check.sysconfig, "get_config_var", lambda name: None)
    monkeypatch.setattr(platform_check.sys, "platform", system)
    platform_check.check_platform()


REFUSED = {
    "PyPy": ("sys.implementation.name", "pypy"),
    "3.8 is not supported": ("sys.version_info", (3, 8, 0)),
    "Python 3.16": ("sys.version_info", (3, 16, 0)),
    "free-threaded": ("sysconfig.get_config_var", lambda name: name == "Py_GIL_DISABLED"),
    "64-bit": ("sys.maxsize", 2**31 - 1),
    "musl": ("platform.libc_ver", lambda: ("", "")),
    "2.12": ("platform.libc_ver", lambda: ("glibc", "2.12")),
    "OMP_NUM_THREADS": ("OMP_NUM_THREADS", "2,1"),
    "MXNET_CPU_WORKER_NTHREADS": ("MXNET_CPU_WORKER_NTHREADS", "all"),
    "ThreadedEngine": ("MXNET_ENGINE_TYPE", "Foo"),
}


@pytest.mark.parametrize("word", REFUSED)
def test_unsupported_platforms_are_refused_in_one_line(word, monkeypatch):
    if word in ("musl", "2.12") and sys.platform != "linux":
        pytest.skip("of Linux only")
    name, value = REFUSED[word]
    with monkeypatch.context() as patch:
        if word == "PyPy":
            patch.setattr(platform_check.platform, "python_implementation", lambda: "PyPy")
        if "." in name:
            patch.setattr(name, value)
        else:
            patch.setenv(name, value)
        with pytest.raises(UnsupportedMachine, match=word) as caught:
            platform_check.check_platform()
    assert "\n" not in str(caught.value)


def test_without_docstrings_mxnet_cannot_be_imported():
    done = run("concise", "--data-dir", SAMPLE, "--epochs", "1", python=["-OO"])
    assert done.returncode == 1
    assert done.stderr.startswith("error: python -OO removes the docstrings")
    assert done.stderr.count("\n") == 1
    assert run("concise", "--data-dir", SAMPLE, "--epochs", "1", python=["-O"]).returncode == 0

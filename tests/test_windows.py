"""Checks on other systems of what would break the tests on Windows."""

import subprocess
import sys
from pathlib import Path

import pytest
from program import ROOT

COLLECT = """
import os, signal, sys
import psutil  # Its form for Linux needs the module resource, the one for Windows does not.
import pytest

class Windows:
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session):
        for name in ("fork", "getpgid", "killpg", "mkfifo", "setsid"):
            delattr(os, name)
        for name in ("HUP", "KILL", "STOP", "CONT", "ALRM", "USR1", "PIPE", "QUIT"):
            delattr(signal, "SIG" + name)
        for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
            sys.modules[name] = None

sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "tests"], [Windows()]))
"""


@pytest.mark.posix
@pytest.mark.once
@pytest.mark.slow
def test_all_tests_can_be_collected_without_what_windows_lacks():
    done = subprocess.run([sys.executable, "-c", COLLECT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert f"tests/{Path(__file__).name}::" in done.stdout

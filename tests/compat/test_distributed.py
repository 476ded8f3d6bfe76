"""MXNet's launcher by ssh, with a stand-in for ssh, and the first step of its Trainer."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from mxnet import gluon

from gluon_softmax.compat import distributed

no_cluster_on_windows = pytest.mark.skipif(sys.platform == "win32", reason="no cluster")
# Like a login by ssh: without the environment that is activated here.
SSH = """#!/bin/sh
for word; do last=$word; done
exec env -i PATH=/usr/bin:/bin HOME=/ sh -c "$last"
"""
# In one piece, as several processes write at once. The scheduler ends last: the launcher would not
# start the others after its end.
WHO = """
import os, pathlib, sys, time
role, here = os.environ["DMLC_ROLE"], pathlib.Path(__file__).parent
sys.stdout.write(f"{role} {sys.executable} {sys.argv[1:]}\\n")
sys.stdout.flush()
(here / role).touch()
while role == "scheduler" and not ((here / "server").exists() and (here / "worker").exists()):
    time.sleep(0.05)
"""


@pytest.mark.posix
@no_cluster_on_windows
@pytest.mark.parametrize("python", ["python", "python3", sys.executable])
def test_python_is_this_interpreter_on_the_other_host(python, tmp_path):
    (tmp_path / "ssh").write_text(SSH)
    (tmp_path / "ssh").chmod(0o755)
    (tmp_path / "hosts").write_text("host\n")
    (tmp_path / "who.py").write_text(WHO)
    words = ["--cluster", "ssh", "--host-file", "hosts", "--host-ip", "127.0.0.1", "--"]
    code = (
        "import os, sys; os.environ['PATH'] = os.getcwd() + ':/usr/bin:/bin'; "
        "from gluon_softmax.commands.main import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "cluster", *words, python, "who.py", "a b"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    expected = {f"{role} {sys.executable} ['a b']" for role in ("server", "worker")}
    assert expected <= set(done.stdout.splitlines()), done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.posix
@no_cluster_on_windows
def test_another_command_is_left_alone():
    for command in (["pythons"], ["./python", "a.py"], ["env", "python"], []):
        assert distributed.with_interpreter(command) == command


@pytest.mark.parametrize("is_distributed", [True, False])
def test_the_first_step_waits_for_the_weights_of_all(is_distributed, monkeypatch):
    """Without this, one training in four diverged from the others here; see ``tests/cluster``."""
    done = []

    class Trainer:
        _distributed = is_distributed
        _params = tuple(
            SimpleNamespace(
                _deferred_init=deferred,
                list_data=lambda deferred=deferred: [
                    SimpleNamespace(wait_to_read=lambda: done.append(f"deferred: {deferred}"))
                ],
            )
            for deferred in (False, True)
        )

        def _init_params(self):
            done.append("asked")

    monkeypatch.setattr(distributed, "note", lambda *args: None)
    distributed.wait_for_weights(SimpleNamespace(Trainer=Trainer))
    Trainer()._init_params()
    assert done == (["asked", "deferred: False"] if is_distributed else ["asked"])


def test_mxnets_trainer_is_patched():
    assert gluon.Trainer._init_params.__module__ == distributed.__name__

"""Roles that are started by hand exit within half a minute when one of them stops responding."""

import argparse
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import jobs
import numpy as np
import pytest
from pace import paced

from gluon_softmax.commands import train

pytestmark = [pytest.mark.posix, pytest.mark.once, pytest.mark.slow]


def running(job):
    # MXNet decides which of both is the first worker.
    outputs = [job.processes[role].stdout for role in ("worker 0", "worker 1")]
    ready, _, _ = select.select(outputs, [], [], paced(60))
    [first] = ready
    assert first.readline().startswith("epoch 1,")


def test_a_worker_that_is_killed():
    with jobs.Job(*jobs.LONG) as job:
        running(job)
        start = time.monotonic()
        job.processes["worker 1"].kill()
        found = job.ended(30)
        assert time.monotonic() - start < paced(30)
    assert {role: status for role, (status, _) in found.items()} == {
        "scheduler": 1,
        "server": 1,
        "worker 0": 1,
        "worker 1": -signal.SIGKILL,
    }
    silent = "is not responding: no heartbeat for 8 s\n"
    assert re.fullmatch(f"error: worker [01] {silent}", found["scheduler"][1])
    lost = f"error: the scheduler at 127.0.0.1:{job.port} {silent}"
    assert found["server"][1] == found["worker 0"][1] == lost


def test_a_worker_that_is_killed_when_all_is_done():
    # Its store waits for all others, and must not be queried meanwhile.
    odd = ["tests.cluster.odd_worker", "dies-as-it-frees-its-store", "scratch"]
    with jobs.Job("--epochs", "1", program=odd) as job:
        found = job.ended(60)
    statuses = {status: err for role, (status, err) in found.items() if "worker" in role}
    assert statuses == {
        1: "error: the other workers did not finish within 16 s after this one\n",
        -signal.SIGKILL: "",
    }


def test_a_worker_that_is_asked_to_end_when_all_is_done():
    odd = ["tests.cluster.odd_worker", "is-asked-to-end-as-it-waits-for-the-last", "scratch"]
    with jobs.Job("--epochs", "1", program=odd) as job:
        found = job.ended(60)
    statuses = sorted(status for role, (status, _) in found.items() if "worker" in role)
    # MXNet would abort the process.
    assert statuses == [1, 128 + signal.SIGTERM]


def test_a_server_that_does_not_answer():
    # Like a process behind a cut network: it no longer responds, and no connection is closed.
    with jobs.Job(*jobs.LONG, program=["scratch"]) as job:
        running(job)
        job.processes["server"].send_signal(signal.SIGSTOP)
        stopped = job.processes.pop("server")
        found = job.ended(30)
        expected = "error: server 0 is not responding: no heartbeat for 8 s\n"
        assert found["scheduler"] == (1, expected)
        assert found["worker 0"][0] == found["worker 1"][0] == 1
        # The network is back, and all others have ended.
        stopped.send_signal(signal.SIGCONT)
        _, err = stopped.communicate(timeout=paced(30))
        assert stopped.returncode == 1
        assert "the scheduler at 127.0.0.1" in err


@pytest.mark.parametrize("role", ["server", "worker 0"])
def test_a_scheduler_that_never_answers(role, monkeypatch):
    monkeypatch.setenv("GLUON_SOFTMAX_JOIN_SECONDS", "2")
    monkeypatch.setattr(jobs, "free_port", lambda: mute.getsockname()[1])
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with jobs.Job(only=[role]) as job:
            status, err = job.ended(25)[role]
    assert status == 1
    assert re.fullmatch(
        f"error: a {role.split()[0]} could not join: no answer from the scheduler at "
        rf"127.0.0.1:{job.port} within 2 s \(the limit is GLUON_SOFTMAX_JOIN_SECONDS\); it is not "
        r"running, or still waits for other processes\n",
        err,
    )


def test_others_that_never_come(monkeypatch):
    monkeypatch.setenv("GLUON_SOFTMAX_JOIN_SECONDS", "2")
    with jobs.Job(only=["scheduler"]) as job:
        status, err = job.ended(25)["scheduler"]
    assert status == 1
    assert "2 workers and 1 servers did not all join the scheduler at 127.0.0.1:" in err
    assert "within 2 s" in err
    assert len(err.splitlines()) == 1


def test_a_port_in_use(monkeypatch):
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        used.listen()
        monkeypatch.setattr(jobs, "free_port", lambda: used.getsockname()[1])
        with jobs.Job(only=["scheduler"]) as job:
            status, err = job.ended(25)["scheduler"]
    assert status == 1
    assert err.startswith(
        f"error: the scheduler cannot listen at 127.0.0.1:{job.port}: the port is"
    )
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--seed", "7"), "--seed"),
        (("--data-dir", None), "the training images"),
    ],
)
def test_a_worker_of_another_setting(options, words, tmp_path, sample):
    if options[0] == "--data-dir":
        options = ("--data-dir", str(other_data(tmp_path)))
    start = time.monotonic()
    each = {"worker 1": options}
    with jobs.Job(each=lambda role: each.get(role, ())) as job:
        found = job.ended(30)
    assert time.monotonic() - start < paced(30)
    assert found["worker 0"][0] == found["worker 1"][0] == 1
    [line] = jobs.error_lines(found["worker 0"][1] + found["worker 1"][1])
    assert line.startswith(f"error: worker 1 differs from worker 0 in {words}")
    assert line.endswith("use the same value for all")


def test_what_all_workers_must_share(sample):
    def of_all(**changed):
        given = {"implementation": "concise", "epochs": 5, "batch_size": 200, "lr": 0.1, "seed": 0}
        data = changed.pop("data", sample)
        start = changed.pop("start", None)
        arguments = argparse.Namespace(**{**given, **changed})
        return train._of_all_workers(arguments, data, start)

    same, start = of_all(), {"W": np.zeros(2)}
    for name, changed in (
        ("the implementation", {"implementation": "scratch"}),
        ("--epochs", {"epochs": 6}),
        ("--batch-size", {"batch_size": 100}),
        ("--lr", {"lr": 0.2}),
        ("--seed", {"seed": 7}),
        ("the parameters of --start-from", {"start": start}),
        ("the training images", {"data": replace(sample, train_images=sample.test_images)}),
        ("the training labels", {"data": replace(sample, train_labels=sample.test_labels)}),
        ("the test images", {"data": replace(sample, test_images=sample.train_images)}),
        ("the test labels", {"data": replace(sample, test_labels=sample.train_labels)}),
    ):
        found = of_all(**changed)
        assert [key for key in same if found[key] is not same[key]] == [name]


def test_a_worker_that_alone_cannot_work():
    devices = ",".join(f"cpu:{number}" for number in range(301))
    each = {"worker 1": ("--ctx", devices)}
    with jobs.Job(each=lambda role: each.get(role, ())) as job:
        found = job.ended(60)
    status, err = found.pop("worker 1")
    assert status == 2
    assert err.startswith(
        "error: --ctx: 301 devices need 301 examples in each batch, but the last batch of an epoch "
    )
    assert {status for status, _ in found.values()} == {1}


def other_data(folder):
    for file in jobs.SAMPLE.glob("*.gz"):
        (folder / file.name).write_bytes(file.read_bytes())
    # The training set is the test set.
    for kind in ("images-idx3", "labels-idx1"):
        os.replace(folder / f"t10k-{kind}-ubyte.gz", folder / f"train-{kind}-ubyte.gz")
        test = jobs.SAMPLE / f"t10k-{kind}-ubyte.gz"
        (folder / test.name).write_bytes(test.read_bytes())
    return folder


@pytest.mark.parametrize(
    "program",
    [["concise"], ["tests.cluster.odd_worker", "begins-slowly", "concise"]],
    ids=["at-once", "slowly"],
)
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_a_server_process(signum, program):
    with jobs.Job(only=["scheduler"], program=program) as job:
        process = job.processes["scheduler"]
        jobs.wait_for(lambda: listens(job.port))
        limit = paced(3)
        start = time.monotonic()
        process.send_signal(signum)
        status, err = job.ended(10)["scheduler"]
        assert time.monotonic() - start < limit
    assert status == 128 + signum
    assert err == ("\ninterrupted\n" if signum == signal.SIGINT else "")


def test_a_signal_to_a_worker_that_waits_for_another():
    with jobs.Job(*jobs.LONG) as job:
        running(job)
        job.processes["worker 1"].send_signal(signal.SIGSTOP)
        time.sleep(1)
        limit = paced(4)
        start = time.monotonic()
        process = job.processes["worker 0"]
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=3 * limit)
        assert time.monotonic() - start < limit
        assert process.returncode == 128 + signal.SIGTERM


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_role_without_the_option():
    process = jobs.start(["concise", "--epochs", "1"], jobs.environment(1, DMLC_ROLE="server"))
    _, err = process.communicate(timeout=paced(60))
    assert process.returncode == 2
    assert err.startswith(
        "error: DMLC_ROLE=server is set, but this command does not train with --kvstore"
    )


def test_workers_that_count_differently():
    with jobs.Job(only=["scheduler", "server", "worker 0"]) as job:
        job.processes["worker 1"] = jobs.start(
            ["concise", *jobs.TRAIN], jobs.environment(job.port, 3, DMLC_ROLE="worker")
        )
        found = job.ended(40)
    errors = found["worker 0"][1] + found["worker 1"][1]
    assert re.search("error: the workers differ in DMLC_NUM_WORKER", errors), found


@pytest.mark.parametrize(
    ("role", "name", "value"),
    [("worker", "DMLC_NODE_HOST", "192.0.2.1"), ("server", "DMLC_INTERFACE", "nope0")],
)
def test_an_address_of_no_machine_here(role, name, value):
    variables = jobs.environment(jobs.free_port(), DMLC_ROLE=role)
    del variables["DMLC_NODE_HOST"]
    process = jobs.start(["concise", *jobs.TRAIN], {**variables, name: value})
    _, err = process.communicate(timeout=paced(60))
    assert process.returncode == 1
    assert err == f"error: a {role} finds no address of this machine to listen at: {name}={value}\n"


def test_a_worker_without_standard_output(monkeypatch):
    monkeypatch.setenv("GLUON_SOFTMAX_JOIN_SECONDS", "2")
    variables = jobs.environment(jobs.free_port(), DMLC_ROLE="worker")
    command = f"{sys.executable} -m concise {' '.join(jobs.TRAIN)} >&-"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=jobs.ROOT,
        env=variables,
        stderr=subprocess.PIPE,
        text=True,
        timeout=paced(60),
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "command", [["predict", "concise", "none.npz"], ["reproduce"], ["compare"]], ids=lambda c: c[0]
)
def test_a_command_that_does_not_train_is_no_server(command):
    """MXNet would start serving at its import, and never return."""
    done = subprocess.run(
        [sys.executable, "-m", "gluon_softmax", *command],
        env={**os.environ, "DMLC_ROLE": "server"},
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: DMLC_ROLE=server is set, but this command does not train")

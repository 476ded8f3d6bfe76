"""Train with a fault: ``python -m tests.cluster.odd_worker HOW IMPLEMENTATION ...``."""

import os
import runpy
import signal
import sys
import threading
import time
import types

role = os.environ.pop("DMLC_ROLE")

from gluon_softmax.cluster import failure_detection, worker_group  # noqa: E402

os.environ["DMLC_ROLE"] = role
check = failure_detection.check


def look_all_the_time(kv, role):
    end = time.monotonic() + 5
    while time.monotonic() < end:
        check(kv, role)


def die(kv, role):
    # The first worker must still be running.
    if kv.rank:
        os.kill(os.getpid(), signal.SIGKILL)
    freed(kv, role)


def rest(kv, role):
    seconds = 0 if kv.rank else 3
    freed(kv, role)
    # By then, all others have ended.
    time.sleep(seconds)


def end_in_the_barrier(kv):
    if kv.rank:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.2)
    barrier(kv)


class SlowThread(threading.Thread):
    def start(self):
        super().start()
        time.sleep(1)


freed = failure_detection.free
barrier = worker_group.mx.kvstore.KVStore._barrier
_, how, implementation, *_ = sys.argv
if how == "looks-all-the-time":
    failure_detection.check = look_all_the_time
if how == "dies-as-it-frees-its-store":
    failure_detection.free = die
if how == "rests-when-it-is-the-first":
    failure_detection.free = rest
if how == "is-asked-to-end-as-it-waits-for-the-last":
    worker_group.mx.kvstore.KVStore._barrier = end_in_the_barrier
if how == "begins-slowly":
    failure_detection.threading = types.SimpleNamespace(Thread=SlowThread)
del sys.argv[:2]
runpy.run_module(implementation, run_name="__main__", alter_sys=True)

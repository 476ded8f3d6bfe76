import multiprocessing
import os
import tempfile
from pathlib import Path

import pytest
from program import shared_memory


@pytest.mark.posix
def test_shared_memory_that_a_living_program_uses_is_not_left():
    semaphore = multiprocessing.get_context("spawn").Semaphore()
    name = f"sem.{semaphore._semlock.name[1:]}"
    assert name in os.listdir("/dev/shm")
    assert name not in shared_memory()
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as unused:
        assert Path(unused.name).name in shared_memory()

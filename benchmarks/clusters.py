"""Cost of clusters: one process against two and four workers on this machine."""

import json
import subprocess
import sys
from typing import Any, Dict, List, Tuple

from gluon_softmax.console import progress
from gluon_softmax.errors import GluonSoftmaxError

WORKERS = (1, 2, 4)
BATCH_SIZES = (200, 2000, 20_000)
EXAMPLES = 60_000
MANY_INPUTS = 784_000
_MODULE = f"{__package__}.contenders.cluster"


def compare_clusters() -> Dict[str, Any]:
    """Measure and print the time of an epoch, and the traffic of a step.

    Returns the measurements by workers and batch size, and by workers for 1,000 times the inputs.
    """
    runs = [(workers, size) for size in BATCH_SIZES for workers in WORKERS]
    print(f"Running {len(runs) + 2} jobs with 1, 2 and 4 workers; a few minutes", flush=True)
    found = {run: _measure(*run) for run in progress(runs, desc="clusters")}
    many = {
        workers: _measure(workers, 200, f"--inputs={MANY_INPUTS}")
        for workers in progress(WORKERS[:2], desc="many inputs")
    }
    print("\n".join([*_table(found), *_model(many)]))
    return {
        "machines": [
            {"workers": workers, "batch_size": size, **measured}
            for (workers, size), measured in found.items()
        ],
        "many_inputs": [{"workers": workers, **measured} for workers, measured in many.items()],
    }


def _measure(workers: int, batch_size: int, *options: str) -> Dict[str, float]:
    command = [
        *(sys.executable, "-m", _MODULE),
        *(f"--workers={workers}", f"--batch-size={batch_size}", *options),
    ]
    if workers > 1:
        launcher = [sys.executable, "-m", "gluon_softmax", "cluster", "-n", str(workers), "--"]
        command = [*launcher, *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        # Processes write at once, so that the last line can be the middle of a traceback.
        reason = [line for line in lines if line.startswith("error: ")] or lines
        raise GluonSoftmaxError(f"{workers} workers, batch size {batch_size}: {reason[-1]}")
    return json.loads(done.stdout)


def _table(found: Dict[Tuple[int, int], Dict[str, float]]) -> List[str]:
    lines = [
        "Clusters of concise on this machine. They share its cores, so this is their overhead:",
        f"{'batch size  workers':21}{'s per epoch':>12}{'images/s':>12}{'vs. one':>8}"
        f"{'bytes/step':>14}{'push+pull':>12}",
    ]
    for (workers, size), measured in found.items():
        seconds = measured["seconds"]
        steps = -(-EXAMPLES // size)
        proportion = measured["wire_seconds_a_step"] * steps / seconds
        lines.append(
            f"{size:>10}{workers:>9}  {seconds:>12.3f}{EXAMPLES / seconds:>12,.0f}"
            f"{seconds / found[1, size]['seconds']:>8.2f}{measured['bytes_a_step']:>14,.0f}"
            f"{min(proportion, 1):>12.0%}"
        )
    return lines


def _model(many: Dict[int, Dict[str, float]]) -> List[str]:
    alone, wire = many[1]["seconds"], many[2]["wire_seconds_a_step"]
    return [
        "",
        f"{MANY_INPUTS:,} inputs, batches of 200: {alone:.2f} s per step with one process; push "
        f"and pull of {many[2]['bytes_a_step']:,.0f} bytes take {wire:.2f} s.",
        "Two machines halve the computation and add the traffic: estimated speed-up "
        f"{alone / (alone / 2 + wire):.2f}, with a network as fast as this machine's loopback.",
    ]

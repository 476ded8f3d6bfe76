"""The role of this process in a cluster, from MXNet's environment variables."""

import os
from dataclasses import dataclass
from typing import Mapping

from ..errors import UsageError

ROLES = ("scheduler", "server", "worker")
VARIABLES = (
    "DMLC_ROLE",
    "DMLC_PS_ROOT_URI",
    "DMLC_PS_ROOT_PORT",
    "DMLC_NUM_WORKER",
    "DMLC_NUM_SERVER",
)
JOIN_SECONDS = "GLUON_SOFTMAX_JOIN_SECONDS"


@dataclass(frozen=True)
class Role:
    """Role of a process in a cluster.

    ``name`` is one of ROLES, ``address`` the scheduler's host and port, and ``join_seconds`` the
    time limit for all processes to join.
    """

    name: str
    address: str
    num_workers: int
    num_servers: int
    join_seconds: float


def given_role(kvstore: str, batch_size: int, variables: Mapping[str, str] = os.environ) -> Role:
    """Return this process's role, from its environment.

    Raises UsageError if the store is not supported, a variable is missing or invalid, or there are
    more workers than examples in a batch.
    """
    if kvstore == "dist_async":
        raise UsageError(
            "--kvstore dist_async: its results depend on timing and cannot be reproduced; choose "
            "dist_sync"
        )
    if kvstore != "dist_sync":
        raise UsageError(f"--kvstore {kvstore!r}: choose dist_sync")
    missing = [name for name in VARIABLES if not variables.get(name)]
    if missing:
        raise UsageError(
            f"--kvstore dist_sync: these environment variables are not set: {', '.join(missing)}; "
            "`gluon-softmax cluster` sets them and starts all roles (see its --help)"
        )
    name = variables["DMLC_ROLE"]
    if name not in ROLES:
        raise UsageError(f"DMLC_ROLE={name}: choose {', '.join(ROLES[:-1])} or {ROLES[-1]}")
    port = _whole_number(variables, "DMLC_PS_ROOT_PORT", 65535)
    if variables.get("PORT") == variables["DMLC_PS_ROOT_PORT"] and name != "scheduler":
        # ps-lite listens on PORT, and would mistake itself for the scheduler.
        raise UsageError(
            f"PORT={port}: this is the scheduler's port (DMLC_PS_ROOT_PORT); unset PORT"
        )
    num_workers = _whole_number(variables, "DMLC_NUM_WORKER")
    if num_workers > batch_size:
        raise UsageError(
            f"DMLC_NUM_WORKER={num_workers}: more workers than examples in a batch "
            f"(--batch-size {batch_size})"
        )
    return Role(
        name,
        f"{variables['DMLC_PS_ROOT_URI']}:{port}",
        num_workers,
        _whole_number(variables, "DMLC_NUM_SERVER"),
        _seconds(variables),
    )


def _whole_number(variables: Mapping[str, str], name: str, most: int = 1000) -> int:
    text = variables[name]
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise UsageError(f"{name}={text}: choose a whole number, 1 to {most}")
    return int(text)


def _seconds(variables: Mapping[str, str]) -> float:
    text = variables.get(JOIN_SECONDS, "25")
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"{JOIN_SECONDS}={text}: choose whole seconds, at least 1")
    return float(text)


def refuse_role(variables: Mapping[str, str] = os.environ) -> None:
    """Raise UsageError if DMLC_ROLE is set for a command that does not train with ``--kvstore``.

    With that variable, MXNet starts serving when it is imported, and the import never returns.
    """
    if variables.get("DMLC_ROLE", "worker") != "worker":
        raise UsageError(
            f"DMLC_ROLE={variables['DMLC_ROLE']} is set, but this command does not train with "
            "--kvstore dist_sync: add the option to a training, or unset the variable"
        )

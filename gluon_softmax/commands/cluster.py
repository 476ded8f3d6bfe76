"""``gluon-softmax cluster``: start a command on several machines, by MXNet's launcher."""

import argparse
import os

from ..cluster.launch import launch
from ..compat.distributed import CLUSTERS
from ..errors import UsageError
from .options import Parser, whole_number

SUMMARY = "train on several machines, by MXNet's parameter server"


def add_arguments(parser: Parser) -> None:
    parser.usage = (
        "%(prog)s [-h] [--cluster NAME] [-n N] [-s N] [--host-file FILE] [--host-ip ADDRESS] "
        "-- COMMAND ..."
    )
    parser.description = (
        "Start a command, such as `python -m concise --kvstore dist_sync`, once for each role: a "
        "scheduler on this machine, servers, and workers. If one of them fails, all are stopped."
    )
    parser.epilog = (
        "The traffic between the processes is neither encrypted nor authenticated: use a closed "
        "network."
    )
    parser.add_argument(
        "--cluster",
        choices=CLUSTERS,
        default="local",
        help="how to start the processes: on this machine, or by ssh, mpirun or srun",
    )
    for short, name, what in (("-n", "workers", "train"), ("-s", "servers", "sum the gradients")):
        parser.add_argument(
            short,
            f"--num-{name}",
            type=whole_number(1, 1000),
            default=1,
            metavar="N",
            help=f"number of processes that {what}",
        )
    parser.add_argument(
        "--host-file",
        metavar="FILE",
        help="for ssh and mpi: a file with one host, or host:port, per line",
    )
    parser.add_argument(
        "--host-ip",
        metavar="ADDRESS",
        help="address at which the other machines reach this one, unless --cluster local",
    )


def run(arguments: argparse.Namespace) -> int:
    if not arguments.after:
        raise UsageError("cluster: no command to start; write it after --")
    if os.name == "nt":
        raise UsageError("cluster: MXNet has no parameter server on Windows")
    return launch(
        arguments.cluster,
        arguments.num_workers,
        arguments.num_servers,
        arguments.after,
        arguments.host_file,
        arguments.host_ip,
    )

"""``python -m gluon_softmax cluster``: start a command on several machines, by MXNet's launcher."""

import os
from typing import List

from ..cluster.launch import launch
from ..errors import UsageError
from ..revival.launcher import CLUSTERS
from .options import Parser, whole_number


def run(argv: List[str]) -> int:
    """Run the command with its arguments; gives its exit status."""
    parser = Parser(
        prog="python -m gluon_softmax cluster",
        usage="%(prog)s [-h] [--cluster NAME] [-n N] [-s N] [--host-file FILE] [--host-ip ADDRESS] "
        "-- COMMAND ...",
        description="Start a command once for each role: a scheduler here, servers, and workers, "
        "such as `python -m concise --kvstore dist_sync`. If one fails, all are ended.",
        epilog="What they say to each other is neither encrypted nor authenticated: it belongs on "
        "a closed network.",
    )
    parser.add_argument(
        "--cluster",
        choices=CLUSTERS,
        default="local",
        help="what starts them: this machine alone, ssh, mpirun or srun",
    )
    for short, name, what in (("-n", "workers", "train"), ("-s", "servers", "keep the sums")):
        parser.add_argument(
            short,
            f"--num-{name}",
            type=whole_number(1, 1000),
            default=1,
            metavar="N",
            help=f"processes that {what}",
        )
    parser.add_argument(
        "--host-file",
        metavar="FILE",
        help="for ssh and mpi: a file with one host a line, or host:port",
    )
    parser.add_argument(
        "--host-ip", metavar="ADDRESS", help="where the others reach this machine, if not local"
    )
    own = argv.index("--") if "--" in argv else len(argv)
    arguments = parser.parse_args(argv[:own])
    command = argv[own + 1 :]
    if not command:
        parser.error("after --, the command to start is missing")
    if os.name == "nt":
        raise UsageError("cluster: MXNet has no parameter server on Windows")
    return launch(
        arguments.cluster,
        arguments.num_workers,
        arguments.num_servers,
        command,
        arguments.host_file,
        arguments.host_ip,
    )

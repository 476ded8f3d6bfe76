"""Run a program in a terminal, and return what its screen shows at the end."""

import fcntl
import os
import struct
import subprocess
import termios

import pyte
from program import ROOT


def screen_of(argv, columns, lines=24, env=None):
    """Run a program in a pseudo-terminal of that size.

    Returns
    -------
    status : int
        Exit status.
    text : list of str
        All lines that the screen showed last, those that scrolled off it included.
    """
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    unset = ("COLUMNS", "LINES", "TERM")
    inherited = {name: value for name, value in os.environ.items() if name not in unset}
    screen = pyte.HistoryScreen(columns, lines, history=10_000, ratio=0.5)
    stream = pyte.ByteStream(screen)
    with subprocess.Popen(
        argv,
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**inherited, "TERM": "xterm", **(env or {})},
        start_new_session=True,
    ) as process:
        os.close(theirs)
        while True:
            try:
                content = os.read(ours, 1 << 16)
            except OSError:  # Linux's way to say that the other end is closed.
                break
            if not content:
                break
            stream.feed(content)
        os.close(ours)
    above = ["".join(line[column].data for column in range(columns)) for line in screen.history.top]
    return process.returncode, [line.rstrip() for line in [*above, *screen.display]]

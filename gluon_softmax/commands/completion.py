"""``gluon-softmax completion``: print a shell's completion script."""

import argparse

from .options import Parser

SUMMARY = "print a completion script for your shell"


def add_arguments(parser: Parser) -> None:
    parser.description = (
        "Print a script that completes commands and options in your shell. "
        'For bash: eval "$(gluon-softmax completion bash)".'
    )
    parser.add_argument("shell", choices=("bash", "zsh"), help="your shell")


def run(arguments: argparse.Namespace) -> int:
    import shtab

    parser = arguments.parser
    parser.prog = "gluon-softmax"
    _complete_paths(parser, {"FILE": shtab.FILE, "FOLDER": shtab.DIRECTORY})
    print(shtab.complete(parser, arguments.shell))
    return 0


def _complete_paths(parser: argparse.ArgumentParser, kinds: dict) -> None:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for of_command in action.choices.values():
                _complete_paths(of_command, kinds)
        elif isinstance(action.metavar, str):
            kind = kinds.get(action.metavar.partition(".")[0])
            if kind is not None:
                action.complete = kind  # type: ignore[attr-defined]

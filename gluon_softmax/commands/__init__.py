"""The command line: the parsers, the shared options, and a module for each command."""

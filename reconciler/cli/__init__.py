"""The command line: one file for each command; arguments in, one pipeline call, one renderer, an exit code."""

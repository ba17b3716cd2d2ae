"""The commands, one thin file each: arguments in, one operation, one renderer, an exit code."""

"""CI platforms: the pipelines that `init` writes, and what GitHub is told of a command."""

"""The rewrite that keeps comments: accept, numbers, format and export."""

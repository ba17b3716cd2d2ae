"""The use cases: plan, apply, resume, undo, drift, accept, export. No terminal, no environment, no exit codes."""

"""One view of a plan, a run or diagnostics; one small renderer for each format."""

"""The report of a fleet, in each of its formats."""

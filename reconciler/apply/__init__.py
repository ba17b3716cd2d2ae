"""Execute a plan; decide nothing that the plan does not show."""

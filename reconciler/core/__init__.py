"""Pure values and functions: no network, disk, clock, environment, YAML, HTTP, SQL or terminal."""

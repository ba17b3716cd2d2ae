"""The state in a schema of a PostgreSQL database, which many machines and companies share."""

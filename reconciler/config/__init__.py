"""Text to declarations: YAML with positions, checked against the schema, made into desired customers."""

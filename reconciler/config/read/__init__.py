"""Text to declarations: YAML to nodes with positions, validated, made into desired customers."""

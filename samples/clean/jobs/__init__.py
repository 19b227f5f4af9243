"""Jobs of the length-of-stay pipeline, one module a step."""

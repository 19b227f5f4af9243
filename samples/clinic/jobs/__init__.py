"""Jobs of the readmission pipeline, one module a step."""

"""Launch files, parameters and demo policies of Takeover; no code."""

"""Prompt templates, one folder a stage. Paper text reaches them only as a variable."""

"""Numbered scripts that bring the schema up to date; each is frozen once released."""

"""The `matinee` command, one module per group of verbs."""

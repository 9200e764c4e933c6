"""Pure rules: what a video, a task, an event or a permission is. Standard library only, no I/O, no clock."""

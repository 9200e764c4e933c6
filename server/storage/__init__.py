"""Bytes of video on disk: where they lie, how they come in, how they are published."""

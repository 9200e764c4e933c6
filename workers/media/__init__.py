"""Everything that touches ffmpeg: probing, encoding, the poster, and the sandbox around all of it."""

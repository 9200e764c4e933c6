"""What turns pictures into H.264 or AV1: one shape for software and hardware, and the choice among them."""

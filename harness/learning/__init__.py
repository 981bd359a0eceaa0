"""Learning a device that nobody has written a codec for: what its line runs at, what it speaks, how its frames are built."""

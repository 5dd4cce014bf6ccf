"""Programs that measure what the documentation promises. They drive the daemon from outside, as its users do."""

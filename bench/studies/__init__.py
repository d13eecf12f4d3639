"""Which loads are put on which stage, and what came of it."""

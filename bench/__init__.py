"""The load harness: constant-rate and closed-loop load on the real processes, and what it cost."""

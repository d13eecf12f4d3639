"""The load harness: constant-rate and closed-loop load on the real processes, and what it cost.

`measure.py` is the way in. Load and issuer responder are processes of their own, with frames
prepared before the clock starts; HSM and router are the real ones, PIN and journal included.
"""

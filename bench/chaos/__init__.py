"""Kills and faults on real processes under load, and the books compared afterwards.

`make chaos` runs it. Who is killed loses what it had in memory; what the acquirer heard and what
the issuers hold must agree all the same.
"""

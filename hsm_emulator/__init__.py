"""A payment HSM over TCP, payShield-like: no certificate, no tamper boundary, public test keys."""

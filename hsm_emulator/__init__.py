"""A payment HSM over TCP, payShield-like. No PCI certificate, no tamper boundary, public test keys."""

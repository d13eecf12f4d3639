"""Both ends of the load: acquirers that send prepared purchases, and an issuer that approves."""

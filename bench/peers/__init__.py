"""What the router is compared with: a relay, an afternoon's router, other people's codecs."""

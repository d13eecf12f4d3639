"""The log's `transaction` event, as the journal's follower writes it."""

import msgspec


class Event(msgspec.Struct, gc=False):
    """Named as the router's own events are; `recorded_us` in the place of its `total_us`."""

    event: str
    id: str  # the place of the record: `noyau journal show` takes it
    mti: str
    stan: str
    issuer_stan: str
    rrn: str
    acquirer: str
    issuer: str
    pan_masked: str
    amount_minor: int
    currency: str
    response_code: str
    decided_by: str
    ended_in: str
    hsm_us: int
    issuer_us: int
    recorded_us: int
    level: str
    at: str

"""Requests KQ, KW and KU as a host writes them, apart from the device's tables."""
from dataclasses import dataclass


def padded(transaction: str) -> str:
    """Return the data as EMV pads them: 80 and zeros, always."""
    return (transaction + "80").ljust(-(-(len(transaction) + 2) // 16) * 16, "0")


def card(pan: str, psn: str) -> str:
    """Return the eight bytes that a host makes of PAN and sequence number (option A)."""
    return (pan + psn)[-16:].zfill(16)


def counted(transaction: str) -> bytes:
    """Return transaction data behind their length and before their mark."""
    octets = bytes.fromhex(transaction)
    return f"{len(octets):02X}".encode() + octets + b";"


def kq(
    mode: int, scheme: int, key: str, pan_psn: str, atc: str, un: str, arqc: str,
    transaction: str = "", arc: str = "", smi: str = "", rest: bytes = b"",
) -> bytes:  # fmt: skip
    """Return a KQ; data are there in every mode but 2."""
    body = bytes.fromhex(pan_psn + atc + un)
    body += counted(transaction) if mode != 2 else b""
    body += bytes.fromhex(arqc + arc) + rest
    return f"KQ{mode}{scheme}{key}{smi}".encode() + body


def kw(
    mode: int, scheme: int, key: str, pan_psn: str, atc: str, arqc: str,
    transaction: str = "", last: str = "", tree: str = "", start: str = "",
) -> bytes:  # fmt: skip
    """Return a KW; `last` is what follows the ARQC: ARC, or CSU with length and more."""
    octets = bytes.fromhex(pan_psn)
    if scheme in (1, 3):
        octets = f"{len(octets):02d}".encode() + octets + b";"
    body = bytes.fromhex(start) + octets + tree.encode() + bytes.fromhex(atc)
    body += counted(transaction) if mode in (0, 1, 3) else b""
    body += bytes.fromhex(arqc)
    if mode in (3, 4):
        proprietary = bytes.fromhex(last[8:])
        body += bytes.fromhex(last[:8]) + f"{len(proprietary)}".encode() + proprietary
    else:
        body += bytes.fromhex(last)
    return f"KW{mode}{scheme}{key}".encode() + body


@dataclass(frozen=True)
class Part:
    """What a script message enciphers: host data, or the block of a new PIN; keys as cryptograms.

    `place` is the end of the command unless it is given.
    """

    content: bytes
    smc: str = ""
    transport: str = ""
    session: bytes = b""
    place: int = -1
    pin: str = ""  # key type, PIN key, formats and account
    ac: str = ""


def script(
    verb: str, smi: str, card_: bytes, session: bytes, command: bytes, part: Part | None = None
) -> bytes:
    """Return a KU; `verb` has mode and scheme behind the command's name."""
    body = verb.encode() + smi.encode() + card_ + session
    body += b"%04X%b;" % (len(command), command)
    if part is None:
        return body
    place = len(command) if part.place < 0 else part.place
    body += f"{part.smc}{part.transport}".encode() + part.session
    body += b"%04X%04X%b;" % (place, len(part.content), part.content)
    return body + f"{part.pin}{part.ac}".encode()

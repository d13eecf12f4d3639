"""FF1 of NIST SP 800-38G over decimal digits: as many digits out as in.

Here it enciphers PINs under the LMK, where a host's database has room for a few digits and no
more. The names of the values are those of the standard.
"""
from hsm_emulator.secret_key import AES_, SecretKey

_ROUNDS = 10


def enciphered_digits(key: SecretKey, digits: str, tweak: bytes) -> str:
    """Return `digits` under the AES key, bound to `tweak`."""
    u, v = len(digits) // 2, len(digits) - len(digits) // 2
    a, b = int(digits[:u]), int(digits[u:])
    for number in range(_ROUNDS):
        m = u if number % 2 == 0 else v
        a, b = b, (a + _round(key, len(digits), tweak, number, b)) % 10**m
    return f"{a:0{u}d}{b:0{v}d}"


def deciphered_digits(key: SecretKey, digits: str, tweak: bytes) -> str:
    """Undo `enciphered_digits`."""
    u, v = len(digits) // 2, len(digits) - len(digits) // 2
    a, b = int(digits[:u]), int(digits[u:])
    for number in reversed(range(_ROUNDS)):
        m = u if number % 2 == 0 else v
        a, b = (b - _round(key, len(digits), tweak, number, a)) % 10**m, a
    return f"{a:0{u}d}{b:0{v}d}"


def _round(key: SecretKey, n: int, tweak: bytes, number: int, half: int) -> int:
    """The round function of SP 800-38G, steps 2 to 6 (iv), for up to 19 digits a half."""
    assert key.algorithm == AES_
    v = n - n // 2
    b = ((10**v - 1).bit_length() + 7) // 8
    d = 4 * ((b + 3) // 4) + 4
    p = bytes([1, 2, 1, 0, 0, 10, _ROUNDS, (n // 2) % 256]) + n.to_bytes(4) + len(tweak).to_bytes(4)
    q = tweak + bytes(-(len(tweak) + b + 1) % 16) + bytes([number]) + half.to_bytes(b)
    r = key.encrypt_cbc(p + q, bytes(16))[-16:]
    assert d <= len(r)  # a PIN is short: one block of S is enough
    return int.from_bytes(r[:d])

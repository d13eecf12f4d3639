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
    rounds = _Rounds(key, len(digits), tweak)
    for number in range(_ROUNDS):
        m = u if number % 2 == 0 else v
        a, b = b, (a + rounds.value(number, b)) % 10**m
    return f"{a:0{u}d}{b:0{v}d}"


def deciphered_digits(key: SecretKey, digits: str, tweak: bytes) -> str:
    """Undo `enciphered_digits`."""
    u, v = len(digits) // 2, len(digits) - len(digits) // 2
    a, b = int(digits[:u]), int(digits[u:])
    rounds = _Rounds(key, len(digits), tweak)
    for number in reversed(range(_ROUNDS)):
        m = u if number % 2 == 0 else v
        a, b = (b - rounds.value(number, a)) % 10**m, a
    return f"{a:0{u}d}{b:0{v}d}"


class _Rounds:
    """The round function of SP 800-38G, steps 2 to 6 (iv), for up to 19 digits a half."""

    def __init__(self, key: SecretKey, n: int, tweak: bytes) -> None:
        """Do what is the same in every round: the first block, and the tweak's filling."""
        assert key.algorithm == AES_
        v = n - n // 2
        self._b = ((10**v - 1).bit_length() + 7) // 8
        self._d = 4 * ((self._b + 3) // 4) + 4
        assert self._d <= key.block_bytes  # a PIN is short: one block of S is enough
        head = bytes([1, 2, 1, 0, 0, 10, _ROUNDS, (n // 2) % 256])
        self._p = key.encrypt(head + n.to_bytes(4) + len(tweak).to_bytes(4))
        self._filled = tweak + bytes(-(len(tweak) + self._b + 1) % 16)
        self._key = key

    def value(self, number: int, half: int) -> int:
        q = self._filled + bytes([number]) + half.to_bytes(self._b)
        return int.from_bytes(self._key.encrypt_cbc(q, self._p)[-16:][: self._d])

"""A0 generates a key or derives a terminal's initial key; A4 forms one from its components."""
import secrets
from dataclasses import replace
from typing import Final

from hsm_emulator import dukpt_aes, dukpt_tdes, key_attributes
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, Digits, Section
from hsm_emulator.hexadecimal import in_hexadecimal
from hsm_emulator.key_activities import to_form, to_generate
from hsm_emulator.key_block import Attributes
from hsm_emulator.key_block_lmk import COMPONENT
from hsm_emulator.key_command_fields import (
    KCV,
    KEY_FORM,
    KEY_TYPE,
    LMK_SCHEME,
    Components,
    InitialKsn,
    With,
    components,
)
from hsm_emulator.key_fields import Key, Zmk
from hsm_emulator.key_types import (
    DERIVED_TYPE,
    DERIVED_USAGE,
    INITIAL_KEY_BDKS,
    KEY_BLOCK,
    TMK_EXPORT,
    ZMK_EXPORT,
)
from hsm_emulator.key_under_zmk import BLOCK_SCHEMES, Transport, key_to_zmk
from hsm_emulator.key_usages import check_may_leave
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk, check_strength
from hsm_emulator.secret_key import AES_, TDES, SecretKey, is_weak, with_odd_parity

_SCHEME_BYTES: Final = {b"U": 16, b"T": 24, b"Z": 8, b"0": 8}
_EXPORTING: Final = (b"1", b"B")
_DERIVING: Final = (b"A", b"B")
_COUNTER: Final = "00000"  # completes fifteen digits to a KSN
_KEY_SET: Final = "00000000"  # completes sixteen


def generate(
    lmk: Lmk,
    mode: bytes,
    key_type: bytes,
    scheme: bytes,
    _derivation: bytes,
    master_type: bytes,
    bdk: bytes,
    ksn: bytes,
    export_flag: bytes,
    export_under: bytes,
    export_scheme: bytes,
    asked: bytes,
    for_export: bytes,
    version: bytes,
) -> bytes:
    """Make a key, keep it under the LMK, and send it under a ZMK or TMK where the mode says so."""
    exports = mode in _EXPORTING
    if exports is not bool(export_under) or (not exports and (for_export or version)):
        raise Refused(Code.INPUT)
    attributes, algorithm, key_bytes = _wanted(lmk, key_type, scheme, asked, export_scheme)
    if mode in _DERIVING:
        master = lmk.key(bdk, INITIAL_KEY_BDKS[master_type], Code.SOURCE_PARITY)
        key = _initial_key(master, ksn)
        if (key.algorithm, len(key.clear)) != (algorithm, key_bytes):
            raise Refused(Code.KEY_LENGTH)
        if attributes is not None and attributes.usage != DERIVED_USAGE:
            raise Refused(Code.KEY_USAGE)
        if attributes is None and key_type != DERIVED_TYPE:
            raise Refused(Code.KEY_TYPE)
    else:
        key = random_key(algorithm, key_bytes)
    answer = lmk.wrapped(key, key_type, scheme, attributes)
    if exports:
        role = ZMK_EXPORT if export_flag == b"0" else TMK_EXPORT
        under = Transport(lmk.key(export_under, role, Code.SOURCE_PARITY), lmk.rules)
        marked = (asked, for_export, version)
        answer += sent(key, under, key_type, export_scheme, attributes, marked)
    return Code.OK + answer + in_hexadecimal(key.check_value()[:3])


def sent(
    key: SecretKey,
    under: Transport,
    key_type: bytes,
    scheme: bytes,
    attributes: Attributes | None,
    marked: tuple[bytes, bytes, bytes],
) -> bytes:
    """Return a key under a ZMK: with its own attributes, or with those its key type leaves in.

    `marked` is what stands after `#`, `&` and `!`. From a key block `&` lowers the exportability;
    from a variant LMK it holds the attributes of the block to make (after `#` is the same).
    """
    after_hash, after_and, version = marked
    exportability = "" if attributes is None else attributes.exportability
    check_may_leave(key_type, exportability, under.rules.free_export)
    way = replace(under, version=version.decode("latin-1"))
    if attributes is not None:
        way = replace(way, exportability=after_and.decode("latin-1"))
    elif scheme == b"R":
        attributes = key_attributes.of_key_type(key_type, after_and or after_hash)
    elif after_hash or after_and:
        raise Refused(Code.INPUT)
    return key_to_zmk(key, way, scheme, attributes)


def random_key(algorithm: str, key_bytes: int) -> SecretKey:
    """Return a new key; TDES ones have odd parity and are not weak."""
    clear = secrets.token_bytes(key_bytes)
    if algorithm != AES_:
        clear = with_odd_parity(clear)
        assert not is_weak(clear)  # one chance in 10^15
    return SecretKey(clear, AES_ if algorithm == AES_ else TDES)


def form(
    lmk: Lmk, count: bytes, key_type: bytes, scheme: bytes, joined: bytes, asked: bytes
) -> bytes:
    """Add the components of a key, each under the LMK as the key itself will be."""
    if int(count) < 2:
        raise Refused(Code.COMPONENTS)
    opened = [
        lmk.opened(cryptogram, key_type, Code.SOURCE_PARITY) for cryptogram in components(joined)
    ]
    clear = bytes(len(opened[0][0].clear))
    for key, _ in opened:
        if len(key.clear) != len(clear) or key.algorithm != opened[0][0].algorithm:
            raise Refused(Code.KEY_LENGTH)
        clear = bytes(left ^ right for left, right in zip(clear, key.clear, strict=True))
    if not any(clear):
        raise Refused(Code.TARGET_PARITY)
    attributes = _of_whole([attributes for _, attributes in opened], asked)
    algorithm = opened[0][0].algorithm
    whole = SecretKey(with_odd_parity(clear) if algorithm == TDES else clear, algorithm)
    check_strength(whole, Code.TARGET_PARITY, lmk.rules)
    kept = lmk.wrapped(whole, key_type, scheme, attributes)
    return Code.OK + kept + in_hexadecimal(whole.check_value()[:3])


def _wanted(
    lmk: Lmk, key_type: bytes, scheme: bytes, asked: bytes, export_scheme: bytes
) -> tuple[Attributes | None, str, int]:
    """Return the attributes of the key to make, its algorithm and its length in bytes."""
    if key_type == KEY_BLOCK:
        attributes, key_bytes = key_attributes.of_new_key(asked)
        if key_bytes == 8 and not lmk.rules.single_length_keys:
            raise Refused(Code.KEY_ALGORITHM)
        return attributes, AES_ if attributes.algorithm == AES_ else TDES, key_bytes
    if asked and export_scheme not in BLOCK_SCHEMES:
        raise Refused(Code.INPUT)
    key_bytes = _SCHEME_BYTES.get(scheme, 0)
    if not key_bytes or (key_bytes == 8 and not lmk.rules.single_length_keys):
        raise Refused(Code.KEY_SCHEME)
    return None, TDES, key_bytes


def _initial_key(bdk: SecretKey, ksn: bytes) -> SecretKey:
    identity = ksn.decode("ascii")
    if bdk.algorithm == AES_:
        return dukpt_aes.initial_key(bdk, bytes.fromhex(identity + _KEY_SET))
    return dukpt_tdes.initial_key(bdk, bytes.fromhex(identity + _COUNTER))


def _of_whole(found: list[Attributes | None], asked: bytes) -> Attributes | None:
    """Return the attributes of a key of these components, which must be different ones of it."""
    blocks = [attributes for attributes in found if attributes is not None]
    if not blocks:
        if asked:
            raise Refused(Code.INPUT)
        return None
    versions = {attributes.key_version.lower() for attributes in blocks}
    if len(versions) != len(blocks) or any(name[0] not in COMPONENT for name in versions):
        raise Refused(Code.NOT_PERMITTED)
    if len({replace(each, key_version="00", optional=()) for each in blocks}) != 1:
        raise Refused(Code.KEY_USAGE)
    return key_attributes.of_formed_key(blocks[0], asked)


COMMANDS: Final = (
    Command(
        "A0",
        "Generate a key",
        (
            Characters("mode (0 generate, 1 and export, A derive, B and export)", 1, b"01AB"),
            KEY_TYPE,
            LMK_SCHEME,
            With(
                b"mode",
                (
                    Characters("derivation (0 DUKPT initial key)", 1, b"0"),
                    Characters("kind of BDK (1 to 5)", 1, b"12345"),
                    Key("BDK", untagged=32),
                    InitialKsn("KSN without counter", bdk_at=5),
                ),
                having=_DERIVING,
            ),
            Section(
                b";",
                (
                    Characters("exported under (0 ZMK, 1 TMK)", 1, b"01"),
                    Zmk("ZMK or TMK"),
                    Characters("key scheme, ZMK or TMK", 1, code=Code.KEY_SCHEME),
                ),
                mark_may_lack=True,
            ),
        ),
        (("key under the LMK", KEY_FORM), ("key under ZMK or TMK", "with mode 1 and B"), KCV),
        generate,
        takes="#&!",
        activity=to_generate,
    ),
    Command(
        "A4",
        "Form a key from encrypted components",
        (
            Digits("number of components (2 to 9)", 1),
            KEY_TYPE,
            LMK_SCHEME,
            Components("components"),
        ),
        (("key under the LMK", KEY_FORM), KCV),
        form,
        takes="#",
        activity=to_form,
    ),
)

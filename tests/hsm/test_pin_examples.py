"""Answers of a device with the TDES key block test LMK, printed among the examples of a client.

Source: softwaregroup-bg/ut-codec-payshield, docs/examples.js (Apache-2.0). Each request is built
here, each answer is that device's. PINs under its LMK are left out: how it makes them is not
public; what follows from them is asked with ours.
"""
import pytest

from tests.hsm.peer import Peer

ZPK_1 = "S00072P0TB00E0001EA421618B34F5FA1A77F7CF6480111B97CF0FAE7BD77D589EC921EF9"
ZPK_2 = "S00072P0TB00E00010D869FE84C1F77AE64E0019151533363D4CCE7E1C3F89F3D86115EE8"
ZPK_3 = "S0007272TN00E0001DE16F028F38CC385436D8E5B3DD4341F3E55379FBCB39710FE2BB6B4"
TPK = "S0007271TN00E00019BAD23B0CEF79E33328CA0568A0E186FC17E8DE738AAF9FB67C6E1FF"
BDK_1 = "S00072B0TN00E0001566678078B5337915F4860C92F3FF2D6A6B11E8786F22DC8032EB758"
BDK_2 = "S00072B0TN00E0001134E8D68D46BC8356F84F598155A1B5C44199D9847A2A58B64BE091F"
PVK_VISA = "S00072V2TN00E0001E80A2926443C3AF11BF0317C669FA0EA0E100ABDF92BF7A3AF232D4C"
PVK_VISA_2 = "S00072V2TN00E00014C0328F82856C4E6D7CCF7A9A1597CB0662C35A18CC72EB9CF97917C"
PVK_IBM = "S00072V1TN00E00010AE0AD2B1990AB407FAD15059E287760A05DF4DA2391EAB138877E22"
PVK_IBM_2 = "S00072V1TN00E00019412BA0AB9D9377261D2CDDB1C4A063ABF35B4CB9E98F7948A501DA2"
TABLE = "709F26B22464E96A"  # 0123456789012345 under the LMK
OTHER_TABLE = "C9DF59A67019D387"  # 1234567890123456 under the LMK
KSN = "A05FFFF000001315240003A"
PAN_1, PAN_2 = "850103093936", "600000000000"
BLOCK_1, BLOCK_2 = "AD72F973446E84E7", "967CDB6E3D492E28"  # two PINs under ZPK_1 for PAN_1
IBM_DATA = f"06{PAN_1}{TABLE}50103093936N"

ANSWERS = {
    "CC ZPK to ZPK": (f"CC{ZPK_1}{ZPK_2}12{BLOCK_1}0101{PAN_1}", "CD0006E614D4AFD47BD3BF01"),
    "CA TPK to ZPK": (
        f"CA{TPK}{ZPK_1}12E57BC634D47179070101{PAN_2}", "CB0006FC99D994F1D3D3B801",
    ),
    "CA TPK to BDK": (
        f"CA{TPK}{BDK_1}{KSN}12E57BC634D47179070101{PAN_2}", "CB0006741311DA9D5D6C3201",
    ),
    "CA TPK to BDK with its flag": (
        f"CA{TPK}*{BDK_1}{KSN}12E57BC634D47179070101{PAN_2}", "CB0006741311DA9D5D6C3201",
    ),
    "CA BDK to ZPK": (
        f"CA{BDK_1}{KSN}{ZPK_1}12741311DA9D5D6C320101{PAN_2}", "CB0006FC99D994F1D3D3B801",
    ),
    "CI BDK to ZPK": (
        f"CI{BDK_1}{ZPK_1}{KSN}741311DA9D5D6C3201{PAN_2}", "CJ0006FC99D994F1D3D3B801",
    ),
    "G0 BDK to BDK": (
        f"G0{BDK_1}{BDK_2}{KSN}{KSN}741311DA9D5D6C320101{PAN_2}", "G10006BBF74DF0FFA00ED101",
    ),
    "G0 BDK to BDK with flags": (
        f"G0*{BDK_1}*{BDK_2}{KSN}{KSN}741311DA9D5D6C320101{PAN_2}", "G10006BBF74DF0FFA00ED101",
    ),
    "G0 BDK to ZPK": (
        f"G0{BDK_1}{ZPK_1}{KSN}741311DA9D5D6C320101{PAN_2}", "G10006FC99D994F1D3D3B801",
    ),
    "G0 BDK to a ZPK of usage 72": (
        f"G0{BDK_1}{ZPK_3}{KSN}741311DA9D5D6C320101{PAN_2}", "G10006766532A20A0A264B01",
    ),
    "EC": (f"EC{ZPK_1}{PVK_VISA}{BLOCK_1}01{PAN_1}17548", "ED00"),
    "EC of a wrong PVV": (f"EC{ZPK_1}{PVK_VISA}{BLOCK_1}01{PAN_1}17549", "ED01"),
    "DC": (f"DC{TPK}{PVK_VISA_2}E57BC634D471790701{PAN_2}12194", "DD00"),
    "FW": (f"FWFFF{ZPK_1}{PVK_VISA}{BLOCK_1}01{PAN_1}1", "FX007548"),
    "FW of usage 72": (f"FWFFF{ZPK_3}{PVK_VISA}766532A20A0A264B01{PAN_2}1", "FX007547"),
    "CU": (f"CUFFF{ZPK_1}{PVK_VISA}{BLOCK_1}01{PAN_1}17548{BLOCK_2}", "CV006010"),
    "CU of a wrong PVV": (f"CUFFF{ZPK_1}{PVK_VISA}{BLOCK_1}01{PAN_1}17540{BLOCK_2}", "CV01"),
    "GQ": (f"GQ0{BDK_1}{PVK_VISA}{KSN}741311DA9D5D6C3201{PAN_2}17547", "GR00"),
    "BK": (f"BKFFF{ZPK_1}{PVK_IBM}{BLOCK_2}01{IBM_DATA}", "BL00309783FFFFFF"),
    "BK of another account": (
        f"BKFFF{ZPK_1}{PVK_IBM}FC99D994F1D3D3B80106{PAN_2}{TABLE}0000000000N0",
        "BL00035965FFFFFF",
    ),
    "EA": (f"EA{ZPK_1}{PVK_IBM}12{BLOCK_2}01{IBM_DATA}309783FFFFFF", "EB00"),
    "EA of a wrong offset": (f"EA{ZPK_1}{PVK_IBM}12{BLOCK_2}01{IBM_DATA}309784FFFFFF", "EB01"),
    "DA": (
        f"DA{TPK}{PVK_IBM_2}12E5B0C1445E4C57AF0106{PAN_2}{TABLE}1234560000N0093636FFFFFF",
        "DB00",
    ),
    "DU": (
        f"DUFFF{ZPK_1}{PVK_IBM}{BLOCK_2}01{IBM_DATA}309783FFFFFF{BLOCK_2}", "DV00309783FFFFFF",
    ),
    "DU of a wrong offset": (
        f"DUFFF{ZPK_1}{PVK_IBM}{BLOCK_2}01{IBM_DATA}309783FFFFFF"[:-12] + f"000000FFFFFF{BLOCK_2}",
        "DV01",
    ),
    "GO": (
        f"GO0{BDK_1}{PVK_IBM}{KSN}741311DA9D5D6C320106{PAN_2}{TABLE}0000000000N0035965FFFFFF",
        "GP00",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "answer"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answer_of_the_example(request_: str, answer: str, hsm: Peer, legacy_hsm: Peer) -> None:
    """Byte for byte, in both profiles, with and without the LMK named."""
    for device in (hsm, legacy_hsm):
        assert device.ask(request_) == answer.encode()
        assert device.ask(request_ + "%01\x19tail") == answer.encode() + b"\x19tail"


def test_pins_kept_under_our_lmk_lead_to_the_same_answers(hsm: Peer) -> None:
    """JE keeps the examples' PINs: DG, DE, EE, JG, BE then answer what that device answered."""
    first, second = (
        hsm.ask(f"JE{ZPK_1}{block}01{PAN_1}")[4:].decode() for block in (BLOCK_1, BLOCK_2)
    )
    assert len(first) == 7  # as long as that device's
    assert hsm.ask(f"DG{PVK_VISA}{first}{PAN_1}1%01") == b"DH007548"
    assert hsm.ask(f"DG{PVK_VISA}{second}{PAN_1}1") == b"DH006010"
    assert hsm.ask(f"DE{PVK_IBM}{first}{IBM_DATA}") == b"DF00588664FFFFFF"
    assert hsm.ask(f"EE{PVK_IBM}309783FFFFFF{IBM_DATA}") == f"EF00{second}".encode()
    assert hsm.ask(f"JG{ZPK_1}01{PAN_1}{first}%01") == f"JH00{BLOCK_1}".encode()
    assert hsm.ask(f"JG{ZPK_1}01{PAN_1}{second}") == f"JH00{BLOCK_2}".encode()
    assert hsm.ask(f"BE{ZPK_1}{BLOCK_1}01{PAN_1}{first}") == b"BF00"
    assert hsm.ask(f"BE{ZPK_1}{BLOCK_1}01{PAN_1}{second}%01") == b"BF01"


def test_both_tables_under_the_lmk_are_those_of_the_example(hsm: Peer) -> None:
    """Each gives the offset that its clear digits give."""
    for table, clear in ((TABLE, "0123456789012345"), (OTHER_TABLE, "1234567890123456")):
        offsets = {
            hsm.ask(f"BKFFF{ZPK_1}{PVK_IBM}{BLOCK_1}01{IBM_DATA.replace(TABLE, each)}")
            for each in (table, clear)
        }
        assert len(offsets) == 1
        assert offsets.pop()[:4] == b"BL00"

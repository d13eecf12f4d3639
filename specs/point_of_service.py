"""DE 22: the entry mode of 1987 (n3, with DE 25) and the point of service data code of 1993 (an12).

Sources: the positions of the 1993 code and the two-digit entry modes as published by processors.
"""
from typing import Final

INPUT_UP: Final = {"00": "0", "01": "6", "02": "2", "03": "3", "04": "4", "05": "5", "06": "6",
                   "07": "5", "79": "6", "80": "2", "81": "6", "90": "2", "91": "2", "95": "5"}
INPUT_DOWN: Final = {"0": "00", "1": "01", "2": "02", "3": "03", "4": "04", "5": "05", "6": "01"}

PRESENCE_UP: Final = {"01": "1", "05": "0", "08": "2", "59": "5"}  # DE 25 to position 5
PRESENCE_DOWN: Final = {"0": "00", "1": "01", "2": "08", "3": "08", "4": "08", "5": "59"}

ELECTRONIC: Final = "81"
CAN_TAKE_PIN, CANNOT_TAKE_PIN = "1", "2"


def point_of_service(mode: str, condition: str) -> str:
    """Twelve positions; what 1987 does not say is given as unknown.

    Capabilities 1 to 3, environment 4, presence 5 and 6, entry 7, checks 8 and 9, output 10 and 11,
    PIN 12.
    """
    entry, pin = mode[:2], mode[2:3]
    read = INPUT_UP.get(entry, "0")
    presence = PRESENCE_UP.get(condition, "0")
    if entry == ELECTRONIC:
        presence = "5"
    card_present = "0" if presence != "0" or condition == "05" else "1"
    takes_pin = "1" if pin == CAN_TAKE_PIN else "0"
    pin_length = {CAN_TAKE_PIN: "C", CANNOT_TAKE_PIN: "0"}.get(pin, "1")
    return f"{read}{takes_pin}00{presence}{card_present}{read}00" + "00" + pin_length


def entry_mode(said: str) -> tuple[str, str]:
    """DE 22 and DE 25 of 1987."""
    said = said.ljust(12, "0")
    entry = INPUT_DOWN.get(said[6], "00")
    presence = said[4]
    if presence == "5":
        entry = ELECTRONIC
    pin = CAN_TAKE_PIN if said[1] == "1" else CANNOT_TAKE_PIN if said[11] == "0" else "0"
    condition = PRESENCE_DOWN.get(presence, "00")
    if condition == "00" and said[5] == "0":
        condition = "05"
    return entry + pin, condition

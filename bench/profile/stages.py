"""Which part of a transaction's way a stack belongs to."""

from collections import Counter
from typing import Final

STAGES: Final[dict[str, tuple[str, ...]]] = {
    "codec": (
        "Codec.", "Message.", "Element.", "Head.", "Shape.", "transcode.", "Splice", "walk.",
        "Variable.", "Place.", "element.", "codec.", "message.",
    ),
    "framing": ("Frames.", "Framer.", "framing.", "Outbox."),
    "HSM": ("HsmClient.", "HsmLink.", "hsm_frames.", "Commands.", "Waiting."),
    "journal": (
        "Journal.", "JournalFile.", "Seal.", "SegmentSeal.", "records.", "journal_format.",
        "sqlite3", "pysqlite", "_pysqlite", "stmt_step", "Commit", "group_",
    ),
    "log and metrics": (
        "RouterObserver.", "Metrics.", "LineWriter.", "Log", "structlog", "_make_filtering",
        "transaction_event.", "Answering._observed",
    ),
    "lines and matching": (
        "IssuerLink.", "Line.", "pending.", "Pending", "IssuerSide.", "outbound.", "Numbers.",
    ),
    "chip data": ("card_number.", "tlv.", "parsed", "_objects", "first"),
    "decisions": (
        "authorization.", "Conductor.", "Answering.", "admission.", "Admission.", "format_check.",
        "routing.", "BinTable.", "translation.", "request.", "Request.", "Known.", "known.",
        "AcquirerLink.", "Transaction.", "Issuer.", "Pressure.", "Switch.",
    ),
}  # fmt: skip
KERNEL: Final = "sockets and kernel"
GARBAGE: Final = "garbage collector"
LOOP: Final = "event loop and the rest"
ORDER: Final = (*STAGES, KERNEL, GARBAGE, LOOP)


def stage_of(stack: str) -> str:
    """That of the innermost frame that has one."""
    frames = stack.split(";")
    if frames[-1].endswith("[kernel]"):
        return KERNEL
    for frame in reversed(frames):
        if frame.startswith(("gc_collect", "_PyGC", "PyGC")):
            return GARBAGE
        for stage, marks in STAGES.items():
            if frame.startswith(marks):
                return stage
    return LOOP


def shares(stacks: dict[str, int]) -> dict[str, float]:
    """Of all samples, by stage, in the order of the way."""
    found: Counter[str] = Counter()
    for stack, count in stacks.items():
        found[stage_of(stack)] += count
    whole = max(1, found.total())
    return {stage: found[stage] / whole for stage in ORDER if found[stage]}


def heaviest(stacks: dict[str, int], count: int) -> list[tuple[str, float]]:
    """The functions on top of most samples, with what they call; each once per stack."""
    found: Counter[str] = Counter()
    for stack, samples in stacks.items():
        for frame in set(stack.split(";")):
            found[frame] += samples
    whole = max(1, sum(stacks.values()))
    return [(frame, samples / whole) for frame, samples in found.most_common(count)]

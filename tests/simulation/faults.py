"""What goes wrong, how often, in which mixes. Each mix makes one kind of trouble frequent."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Faults:
    """Per message, per commit, per step of the router where nothing else is said."""

    # The router's process.
    kill_per_step: float = 0.0
    kills_per_s: float = 0.0
    kill_in_trouble: float = 0.0  # a disk that stalls or refuses
    restarts_at_once: bool = False  # several a second
    stops_per_s: float = 0.0  # SIGTERM: drained, and started again
    reloads_per_s: float = 0.0
    reload_kinds: tuple[str, ...] = ("removed", "moved", "limits", "lines")
    clock_steps_per_s: float = 0.0  # of the router's wall clock
    # The disk.
    is_real: bool = False  # the journal's own files, and their log torn
    disk_stalls: float = 0.0
    stalls_last_s: float = 0.0  # 0: some long, some short
    disk_refuses: float = 0.0
    is_told_wrong: float = 0.5  # what was refused is there all the same
    # The network.
    network_slow: float = 0.0
    line_cuts_per_s: float = 0.0
    acquirer_cuts_per_s: float = 0.0
    half_opens_per_s: float = 0.0  # of either side's connections
    # The HSM.
    hsm_slow: float = 0.0
    hsm_away: float = 0.0
    hsm_deaths_per_s: float = 0.0
    # The issuers.
    issuer_restarts_per_s: float = 0.0
    issuer_sign_offs_per_s: float = 0.0
    issuer_silences_per_s: float = 0.0  # it hears everything, and neither acts nor answers
    issuer_silent: float = 0.0
    issuer_late: float = 0.0
    issuer_twice: float = 0.0
    issuer_busy: float = 0.0
    issuer_says_nonsense: float = 0.0
    remembers: float = 0.7  # reversals of what it does not know yet
    issuer_not_yet: float = 0.0  # requests are slow to reach its ledger, reversals are not
    lending: float = 0.3  # how many of them let us stand in
    words_per_s: float = 0.0  # an operator turns a stand-in on, off, or leaves it to itself
    # The acquirers.
    impatient: float = 0.15  # how many purchases are reversed within 4 s, heard or not
    walk_away: float = 0.1  # how many never reverse what they did not hear
    advices: int = 1  # 0120s, and 0220s, for each 18 requests
    regrets: float = 0.3  # how many reverse what was approved, a while later
    acquirer_copies: float = 0.0  # the same bytes on a second link
    acquirer_clashes: float = 0.0  # a number and DE 7 used for two purchases
    acquirer_echoes: float = 0.0  # the same bytes once more, seconds later
    restamps: float = 0.4  # how many purchases are repeated under a new DE 7
    is_tight: bool = False  # limits are low, and purchases come in bursts
    stan_space: int = 0  # of each issuer; 0: drawn, large enough
    refused_for_ever: float = 0.02  # how many purchases' advices and reversals are parked
    operator_per_s: float = 0.0  # has what is parked tried again; then the issuers mend, too
    span_s: float = 0.0  # of the traffic; 0: drawn
    purchases: int = 20
    issuers: int = 0  # 0: drawn
    echoes_time: float = 0.7  # how many issuers echo DE 7


NONE = Faults()

MIXES: Final[dict[str, Faults]] = {
    "calm": Faults(acquirer_clashes=0.1, acquirer_copies=0.1),
    "issuer": Faults(issuer_silent=0.1, issuer_late=0.2, issuer_twice=0.1, issuer_busy=0.2,
                     issuer_says_nonsense=0.02, issuer_restarts_per_s=0.03,
                     issuer_sign_offs_per_s=0.05, issuer_silences_per_s=0.05),
    "network": Faults(line_cuts_per_s=0.2, acquirer_cuts_per_s=0.15, half_opens_per_s=0.1,
                      network_slow=0.1, hsm_slow=0.05, hsm_away=0.02, acquirer_copies=0.05),
    "crash": Faults(kill_per_step=0.01, kills_per_s=0.05, issuer_late=0.1, issuer_silent=0.05),
    "disk": Faults(disk_stalls=0.02, disk_refuses=0.08, kill_in_trouble=0.5,
                   acquirer_cuts_per_s=0.1, kill_per_step=0.003, kills_per_s=0.05),
    "files": Faults(is_real=True, kills_per_s=0.15, kill_per_step=0.01, disk_refuses=0.03,
                    is_told_wrong=0.9, kill_in_trouble=0.5, issuer_silent=0.1, lending=0.6),
    "refusals": Faults(disk_refuses=0.15, is_told_wrong=0.9, kill_in_trouble=0.8,
                       issuer_silent=0.1, line_cuts_per_s=0.1),
    "stall": Faults(disk_stalls=0.1, kill_in_trouble=0.7, acquirer_cuts_per_s=0.2),
    "refused reversals": Faults(disk_refuses=0.25, kill_in_trouble=0.4, issuer_silent=0.5,
                                line_cuts_per_s=0.3),
    "long stalls": Faults(disk_stalls=0.1, stalls_last_s=13.0, kill_in_trouble=0.9),
    "overtaken": Faults(issuer_not_yet=0.5, impatient=0.5, line_cuts_per_s=0.2, remembers=0.2),
    "restarts": Faults(kill_per_step=0.05, kills_per_s=0.3, restarts_at_once=True, span_s=4.0,
                       issuer_silent=0.1, issuer_busy=0.2),
    "deaf": Faults(acquirer_cuts_per_s=1.0, network_slow=0.2, disk_stalls=0.02, issuer_late=0.2),
    "gone": Faults(acquirer_cuts_per_s=2.0, walk_away=0.8, issuer_late=0.1),
    "overtaking": Faults(network_slow=0.3, restamps=0.9, acquirer_cuts_per_s=0.1),
    "echoes": Faults(impatient=0.6, network_slow=0.2, acquirer_echoes=0.5, kills_per_s=0.3,
                     acquirer_cuts_per_s=0.3),
    "hasty": Faults(impatient=0.6, hsm_slow=0.4, disk_stalls=0.05, acquirer_copies=0.2,
                    issuer_late=0.2),
    "numbers": Faults(stan_space=24, issuer_late=0.4, span_s=20.0, purchases=50, issuers=1,
                      echoes_time=0.0, kills_per_s=0.05),
    "deaf crowd": Faults(is_tight=True, purchases=50, issuers=1, acquirer_cuts_per_s=1.0,
                         acquirer_copies=0.2, acquirer_echoes=0.1, network_slow=0.1,
                         issuer_late=0.3),
    "copies": Faults(acquirer_copies=0.6, acquirer_cuts_per_s=1.0, issuer_late=0.2),
    "operator": Faults(refused_for_ever=0.3, operator_per_s=0.2, lending=0.5, issuer_silent=0.2,
                       kills_per_s=0.1, disk_refuses=0.05, clock_steps_per_s=0.05),
    "operator refusals": Faults(refused_for_ever=0.6, operator_per_s=3.0, advices=20, regrets=0.9,
                                kills_per_s=0.03, disk_refuses=0.3, is_told_wrong=0.1,
                                remembers=0.0, purchases=40, issuers=1),
    "parking": Faults(refused_for_ever=0.3, lending=1.0, issuer_silent=0.2, issuer_late=0.2,
                      kills_per_s=0.05),
    "hsm": Faults(hsm_slow=0.1, hsm_away=0.05, hsm_deaths_per_s=0.1, acquirer_cuts_per_s=0.1),
    "reload": Faults(reloads_per_s=0.4, issuer_late=0.2, issuer_silent=0.05, network_slow=0.05,
                     line_cuts_per_s=0.05),
    "removals": Faults(reloads_per_s=0.15, reload_kinds=("removed",), issuer_late=0.2, span_s=25.0,
                       regrets=0.8),
    "removals crash": Faults(issuers=2, reloads_per_s=0.15, reload_kinds=("removed",), span_s=25.0,
                             kills_per_s=0.2, regrets=0.8, issuer_silent=0.2, issuer_late=0.2),
    "stops": Faults(stops_per_s=0.2, issuer_late=0.2, acquirer_cuts_per_s=0.2, network_slow=0.1),
    "clock": Faults(clock_steps_per_s=0.2, kills_per_s=0.2, kill_per_step=0.01,
                    restarts_at_once=True, issuer_late=0.2, issuer_silent=0.1),
    "crowd": Faults(is_tight=True, purchases=30, acquirer_cuts_per_s=0.3, issuer_late=0.2,
                    network_slow=0.1, acquirer_clashes=0.05, acquirer_copies=0.1),
    "silence": Faults(issuer_silences_per_s=0.2, issuer_silent=0.1, issuer_busy=0.1,
                      line_cuts_per_s=0.1, half_opens_per_s=0.1, issuer_not_yet=0.1),
    "standing": Faults(lending=1.0, words_per_s=0.1, issuer_silent=0.3, issuer_late=0.2,
                       issuer_silences_per_s=0.1, line_cuts_per_s=0.1, issuer_busy=0.2,
                       acquirer_cuts_per_s=0.1, hsm_away=0.05),
    "standing crash": Faults(lending=1.0, words_per_s=0.1, issuer_silent=0.3, kills_per_s=0.1,
                             kill_per_step=0.01, disk_refuses=0.05, disk_stalls=0.02,
                             kill_in_trouble=0.5, issuer_silences_per_s=0.1),
    "standing refusals": Faults(lending=1.0, issuer_silent=0.4, disk_refuses=0.2,
                                is_told_wrong=0.9, kill_in_trouble=0.8),
    "all": Faults(kill_per_step=0.004, kills_per_s=0.03, line_cuts_per_s=0.08, reloads_per_s=0.03,
                  acquirer_cuts_per_s=0.08, half_opens_per_s=0.02, issuer_restarts_per_s=0.01,
                  issuer_sign_offs_per_s=0.01, issuer_silences_per_s=0.02, disk_stalls=0.01,
                  disk_refuses=0.02, network_slow=0.05, hsm_slow=0.03, hsm_away=0.01,
                  hsm_deaths_per_s=0.01, issuer_silent=0.05, issuer_late=0.1, issuer_twice=0.05,
                  issuer_busy=0.1, issuer_says_nonsense=0.01, clock_steps_per_s=0.02,
                  stops_per_s=0.01, acquirer_copies=0.02, acquirer_clashes=0.02),
}  # fmt: skip


def mix_of(seed: int) -> str:
    """The mixes in turn."""
    return list(MIXES)[seed % len(MIXES)]

"""The clock stands while what came together is worked through, and goes again whatever happens."""
import time

from router.net.clock import SystemClock


def test_it_stands_until_it_is_to_go_on() -> None:
    clock = SystemClock()
    clock.stand()
    stood_at = clock.now()
    time.sleep(0.002)
    assert clock.now() == stood_at
    clock.go_on()
    assert clock.now() >= stood_at + 0.002

"""Which key a PIN block is tried under while one key takes over from another."""
from router.switching.pin_key import PinKey
from router.switching.session_keys import ReceivedKeys

ONE, TWO, THREE, FOUR = (PinKey("zpk", f"U{n * 32}", f"{n * 6}", "01") for n in "1234")
GRACE_S = 8.0


def received(*keys: PinKey) -> ReceivedKeys:
    return ReceivedKeys(list(keys), GRACE_S)


def test_both_keys_count_until_the_new_one_is_used() -> None:
    """The former first: most blocks are still under it."""
    keys = received(ONE)
    keys.offer(TWO)
    assert keys.to_try("link 1") == [ONE, TWO]


def test_after_the_first_block_under_the_new_key_only_that_counts_on_its_link() -> None:
    """By order on one link nothing older follows; on another it may, but the new is likelier."""
    keys = received(ONE)
    keys.offer(TWO)
    keys.used("link 1", TWO, now=100.0)
    assert keys.to_try("link 1") == [TWO]
    assert keys.to_try("link 2") == [TWO, ONE]


def test_the_former_key_ends_a_while_after_the_new_one_was_used() -> None:
    keys = received(ONE)
    keys.offer(TWO)
    assert not keys.end_former(1e9)
    keys.used("link 1", TWO, now=100.0)
    assert not keys.end_former(100.0 + GRACE_S - 0.1)
    assert keys.end_former(100.0 + GRACE_S)
    assert keys.keys == [TWO]
    assert not keys.end_former(1e9)


def test_a_block_under_the_former_key_ends_nothing() -> None:
    keys = received(ONE)
    keys.offer(TWO)
    keys.used("link 1", ONE, now=100.0)
    assert not keys.end_former(1e9)
    assert keys.to_try("link 1") == [ONE, TWO]


def test_of_keys_that_were_never_used_only_the_last_ones_are_kept() -> None:
    """A peer that delivers and never uses costs no memory, and never the key that is in use."""
    keys = received(ONE)
    for key in (TWO, THREE, FOUR):
        keys.offer(key)
    assert keys.keys == [ONE, THREE, FOUR]


def test_the_same_key_delivered_twice_is_one() -> None:
    keys = received(ONE)
    keys.offer(TWO)
    keys.offer(TWO)
    assert keys.keys == [ONE, TWO]


def test_a_link_that_is_closed_is_forgotten() -> None:
    keys = received(ONE)
    keys.offer(TWO)
    keys.used("link 1", TWO, now=100.0)
    keys.forget("link 1")
    assert keys.to_try("link 1") == [TWO, ONE]
    assert keys.end_former(100.0 + GRACE_S)
    assert keys.keys == [TWO]

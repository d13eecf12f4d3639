"""Stacks of the profiler in a reader's words, their stages, and the flame graph."""

import xml.etree.ElementTree as ET

from bench.profile.flame import flame
from bench.profile.stacks import of_mypyc, readable
from bench.profile.stages import KERNEL, shares, stage_of

OUTER = "_run_module_as_main (<frozen runpy>:198);main (noyau/cli.py:76);uv_run (core.c:464);"
SCAN = (
    f"{OUTER}Handle__run (loop.c:70959);AcquirerLink.data_received (router/net/acquirer_link.py:1);"
    "CPyPy_codec___Codec___scan (__native_noyau.c:2);Py_DECREF (object.h:537);"
    "CPyDef_codec___Codec___scan (__native_noyau.c:3);0x7f7de6e67ed8 (libc.so.6) 3"
)
WRITE = f"{OUTER}Outbox.flush (router/net/outbox.py:9);writev (libc.so.6) 1"
IDLE = f"{OUTER}uv__io_poll (linux.c:1452);epoll_pwait (libc.so.6) 50"


def test_compiled_functions_have_the_names_of_their_source() -> None:
    """mypyc joins module, class and method with three underscores; a method may begin with one."""
    assert of_mypyc("CPyDef_conductor___Conductor____finished") == "Conductor._finished"
    assert of_mypyc("CPyDef_translation___card_of") == "translation.card_of"
    name = "CPyDef_authorization___authorize_gen_____mypyc_generator_helper__"
    assert of_mypyc(name) == "authorization.authorize"


def test_stacks_begin_at_our_code_and_waiting_is_left_out() -> None:
    """Wrappers, reference counts and the event loop's own frames say nothing."""
    assert readable([SCAN, WRITE, IDLE, "no count"]) == {
        "AcquirerLink.data_received;Codec.scan;[libc]": 3,
        "Outbox.flush;writev [kernel]": 1,
    }


def test_a_stack_belongs_to_its_innermost_function_that_has_a_stage() -> None:
    """What the C library does for the codec is the codec's; a system call is the kernel's."""
    stacks = readable([SCAN, WRITE])
    assert [stage_of(stack) for stack in stacks] == ["codec", KERNEL]
    assert shares(stacks) == {"codec": 0.75, KERNEL: 0.25}


def test_the_flame_graph_is_well_formed_and_tells_costs() -> None:
    """Every box has a title with its share and its microseconds of the whole."""
    drawn = ET.fromstring(flame({"a<b;c": 3, "a<b": 1}, 8.0))  # noqa: S314 - our own
    titles = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["router: 100.0%, 8.00 us", "a<b: 100.0%, 8.00 us", "c: 75.0%, 6.00 us"]

"""The demo's configuration on free ports, so that tests run beside a demo and beside each other."""
import re
import shutil
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Final

CONFIG: Final = Path(__file__).parents[2] / "config"
ADDRESS: Final = re.compile(r"127\.0\.0\.1:(\d+)")


def moved(target: Path) -> Path:
    """A copy of config/ in which every port is another, free one; the same one everywhere."""
    shutil.copytree(CONFIG, target)
    files = list(target.rglob("*.toml"))
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    known = sorted({port for text in texts.values() for port in ADDRESS.findall(text)})
    ports = dict(zip(known, free_ports(len(known)), strict=True))
    for path, text in texts.items():
        path.write_text(ADDRESS.sub(lambda found: f"127.0.0.1:{ports[found[1]]}", text),
                        encoding="utf-8")
    return target


def free_ports(count: int) -> list[int]:
    """All different: none is given back before all are taken."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]

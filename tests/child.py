"""`khazri` in a world of the test's own making: what names resolve to, and which loopback address counts as public.

    python tests/child.py WORLD --config FILE crawl …

WORLD is JSON: `names` (host -> addresses, one a look-up, the last one for ever), `public` (addresses taken for public
ones), `forget` (true: every connection looks its name up), `blind` (true: the resolver checks nothing, so that what is
behind it is tested alone).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from twisted.internet import base, defer
from twisted.internet.error import DNSLookupError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> None:
    world = json.loads(sys.argv.pop(1))
    names: dict[str, list[str]] = world.get("names", {})

    def look_up(_: object, name: str, timeout: object = ()) -> defer.Deferred[str]:
        found = names.get(name)
        if not found:
            return defer.fail(DNSLookupError(name))
        return defer.succeed(found.pop(0) if len(found) > 1 else found[0])

    resolver: Any = base.ThreadedResolver
    resolver.getHostByName = look_up
    from crawler import addresses, fetch

    really = addresses.is_public
    addresses.is_public = lambda address: str(address) in world.get("public", ()) or really(address)
    if world.get("blind"):
        fetch.GuardedResolver._check = staticmethod(lambda address, name: address)  # type: ignore[method-assign]
    if world.get("forget"):
        fetch.DNS_KEPT_SECONDS = -1.0
    import cli

    cli.main()


if __name__ == "__main__":
    main()

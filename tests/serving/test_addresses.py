"""Where a visitor comes from, and what a visitor may invent."""

import pytest

from conus_widgets.__main__ import main
from conus_widgets.serving.addresses import network, origin

HERE = "127.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # whoever is no proxy says what they like
        (HERE, "198.51.100.1", "198.51.100.1"),
        (HERE, "1.2.3.4, 198.51.100.1", "198.51.100.1"),  # the first one is the visitor's own
        (HERE, "1.2.3.4, 198.51.100.1, 10.0.0.5", "198.51.100.1"),
        (HERE, "198.51.100.1, ::1", "198.51.100.1"),
        (HERE, "", None),
        (HERE, "unknown", None),
        (HERE, "1.2.3.4, unknown", None),
        ("10.0.0.5", "", None),
        ("::1", "2001:db8:0:7::1", "2001:db8:0:7::/64"),
        ("2001:db8:0:7:ffff::2", "", "2001:db8:0:7::/64"),
        ("fe80::1%eth0", "", "fe80::/64"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
    ],
)
def test_an_address_is_believed_as_far_as_proxies_vouch_for_it(peer, forwarded, found):
    assert origin(peer, forwarded, [network("10.0.0.0/8")]) == found


def test_a_proxy_that_is_no_address_is_refused_before_anything_starts(capsys):
    with pytest.raises(SystemExit):
        main(["serve", "--proxy", "10.0.0.5", "my-proxy"])
    assert "'my-proxy' is neither an address, as 10.0.0.5, nor" in capsys.readouterr().err

"""Visits of a server: how many, whose, and what ends them."""

import pytest
from small import Visitor, small

SCHOOL, ELSEWHERE = "203.0.113.7", "198.51.100.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with small(tmp_path_factory.mktemp("small"), most=3, per_browser=2, per_address=2) as found:
        yield found


@pytest.fixture
def empty(server):
    kernels = [visit.name for visit in server.visits()]
    assert kernels == [], "a test left visits behind"
    yield server
    server.until(lambda: not server.visits())


def leave(visitor, *kernels):
    assert [visitor.ask(f"/voila/api/shutdown/{one}", "POST")[0] for one in kernels] == [204] * len(
        kernels
    )


def test_a_browser_that_asks_for_one_more_gives_up_its_oldest(empty):
    other = Visitor(empty)
    theirs = other.kernel()
    one = Visitor(empty)
    kernels = [one.kernel() for _ in range(4)]
    assert [one.lives(kernel) for kernel in kernels] == [False, False, True, True]
    assert other.lives(theirs) and len(empty.visits()) == 3
    assert "Traceback" not in empty.log()
    leave(one, theirs, *kernels[2:])


def test_without_cookies_an_address_is_bound_and_others_get_in(empty):
    greedy = Visitor(empty, SCHOOL, cookies=False)
    kernels = [greedy.kernel() for _ in range(2)]
    status, text = greedy.ask()
    assert status == 503 and "At your address on the internet 2 pages are open." in text
    assert 'href="/voila/render/quick.ipynb">Try again<' in text
    forged = Visitor(empty, f"{ELSEWHERE}, {SCHOOL}", cookies=False)
    assert forged.ask()[0] == 503
    other = Visitor(empty, ELSEWHERE)
    kernels.append(other.kernel())
    status, text = Visitor(empty).ask()
    assert status == 503 and "All places are taken just now: 3 pages are open" in text
    leave(other, *kernels)


def test_pages_that_are_asked_for_at_once_do_not_share_a_place(empty):
    visitors = [Visitor(empty) for _ in range(5)]
    lines = [visitor.begin() for visitor in visitors]
    answers = [visitor.end(line) for visitor, line in zip(visitors, lines, strict=True)]
    assert sorted(status for status, _ in answers) == [200, 200, 200, 503, 503]
    assert all("All places are taken" in text for status, text in answers if status == 503)
    assert len(empty.visits()) == 3
    kernels = [
        text.split('"kernelId": "')[1].split('"')[0] for code, text in answers if code == 200
    ]
    leave(visitors[0], *kernels)


def test_a_page_that_nobody_waits_for_is_made_no_further(empty):
    one = Visitor(empty)
    one.ask("/voila/render/none.ipynb")
    for _ in range(4):  # somebody impatient, who reloads
        line = one.begin("/voila/render/slow.ipynb")
        empty.until(empty.visits)
        line.sock.close()
        line.close()
    empty.until(lambda: not empty.visits(), 10)


def test_a_kernel_that_is_ended_twice_at_once_ends_once(empty):
    one = Visitor(empty)
    kernel = one.kernel()
    lines = [one.begin(f"/voila/api/shutdown/{kernel}", "POST") for _ in range(3)]
    assert [one.end(line)[0] for line in lines] == [204] * 3
    assert one.ask(f"/voila/api/shutdown/{kernel}", "POST")[0] == 404


def test_a_page_that_is_reloaded_where_all_places_are_taken_keeps_its_place(empty):
    visitors = [Visitor(empty) for _ in range(3)]
    kernels = [visitor.kernel() for visitor in visitors]
    left = visitors[0].begin(f"/voila/api/shutdown/{kernels[0]}", "POST")
    kernels[0] = visitors[0].kernel()  # before the old one has ended
    assert visitors[0].end(left)[0] == 204
    old, kernels[1] = kernels[1], visitors[1].kernel()  # and one that did not say that it is left
    assert not visitors[1].lives(old)
    leave(visitors[0], *kernels)

"""Who gets a place: no browser and no address holds them all."""

import pytest

from conus_widgets.serving.places import NoPlace, Places, usual_per_address, usual_per_browser

SCHOOL, ELSEWHERE = "203.0.113.7", "198.51.100.1"


def made(places, browser, address=None, attended=True):
    place, given_up = places.take(browser, address)
    place.made, place.attended = True, attended
    return place, given_up


@pytest.mark.parametrize("most", range(1, 40))
def test_nobody_may_have_all_places_unless_asked_for(most):
    for usual in usual_per_browser(most), usual_per_address(most):
        assert 1 <= usual and (usual < most or most == 1)


def test_a_browser_gives_up_its_oldest_place_and_nobody_elses():
    places = Places(8, 2, 8)
    other, _ = made(places, "other")
    first, second = (made(places, "one")[0] for _ in range(2))
    assert made(places, "one")[1] is first and first.leaving
    assert made(places, "one")[1] is second
    assert not other.leaving


def test_a_place_at_which_nobody_looks_is_given_up_before_an_older_one():
    places = Places(8, 2, 8)
    made(places, "one")
    left, _ = made(places, "one", attended=False)
    assert made(places, "one")[1] is left


def test_who_reloads_without_a_word_gets_in_where_all_places_are_taken():
    places = Places(2, 2, 2)  # as on telephones, where a page that is left says nothing
    mine, _ = made(places, "one", attended=False)
    theirs, _ = made(places, "two", attended=False)
    assert not places.own_in_the_way("one", None)
    assert places.take("one", None)[1] is mine and not theirs.leaving
    school = Places(8, 3, 2)
    mine, _ = made(school, "one", SCHOOL)
    made(school, "two", SCHOOL)
    with pytest.raises(NoPlace):
        school.take("one", SCHOOL)
    mine.attended = False
    assert school.take("one", SCHOOL)[1] is mine


def test_a_browser_whose_pages_are_all_being_made_waits():
    places = Places(8, 2, 8)
    first, _ = places.take("one", None)
    places.take("one", None)
    with pytest.raises(NoPlace, match="2 pages are being made for your browser, and it may have 2"):
        places.take("one", None)
    assert places.own_in_the_way("one", None)  # perhaps they are of pages that are reloaded
    first.made = True
    assert places.take("one", None)[1] is first


def test_all_of_a_class_get_in_with_one_address_and_somebody_else_too():
    places = Places(8, 3, 6)
    pupils = [made(places, f"pupil {number}", SCHOOL)[0] for number in range(6)]
    with pytest.raises(NoPlace) as refused:
        made(places, "stranger", SCHOOL)
    assert "At your address on the internet 6 pages are open." in str(refused.value)
    assert "One address may have 6 of the 8 places" in str(refused.value)
    assert "--per-address" in str(refused.value)
    made(places, "else", ELSEWHERE)
    assert not any(pupil.leaving for pupil in pupils)  # nobody's work ends for somebody else's
    places.give_back(pupils[3])
    made(places, "stranger", SCHOOL)


def test_visitors_whose_address_is_not_known_are_not_counted_together():
    places = Places(4, 2, 1)
    for number in range(4):
        made(places, f"visitor {number}")


def test_without_a_cookie_the_address_is_the_bound():
    places = Places(8, 3, 6)
    got = 0
    for number in range(20):  # a new name each time
        try:
            made(places, f"name {number}", SCHOOL)
            got += 1
        except NoPlace:
            pass
    assert got == 6 and made(places, "else", ELSEWHERE)


def test_when_all_places_are_taken_numbers_and_the_way_out_are_said():
    places = Places(2, 2, 2)
    mine, _ = made(places, "one")
    made(places, "two")
    with pytest.raises(NoPlace) as refused:
        made(places, "three")
    assert str(refused.value) == (
        "All places are taken just now: 2 pages are open, and there cannot be more. A place is "
        "free when somebody closes a page. Try again in a minute."
    )
    assert not places.own_in_the_way("three", None)
    with pytest.raises(NoPlace, match="Your browser has 1 of them: close a page of yours"):
        made(places, "one")
    assert places.own_in_the_way("one", None)  # a page that is reloaded, and has not said so yet
    mine.leaving = True
    assert not places.own_in_the_way("one", None)
    made(places, "one")


def test_a_place_is_given_back_once():
    places = Places(1, 1, 1)
    place, _ = places.take("one", None)
    places.give_back(place)
    places.give_back(place)
    places.take("two", None)
    with pytest.raises(NoPlace, match="1 page is open"):
        places.take("three", None)

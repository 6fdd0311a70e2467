"""Kills kernels and servers while verdicts are given, and looks at what is left: ``make stress``.

No verdict that was said to be saved may be missing, none may count twice, and the log must always
parse. What was not confirmed is sent again, as the page does it.
"""

import argparse
import contextlib
import random
import sys
import tempfile
import threading
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "collection"), str(TESTS), str(TESTS.parent)]

from account import Account, moments  # noqa: E402
from made_photographs import SPECIES, write_photographs  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from reviewed_page import KEYS, ReviewedPage, browser  # noqa: E402
from reviewing import Kernel  # noqa: E402
from served import Server  # noqa: E402
from stand_in import StandIn  # noqa: E402

from conus_widgets.collection import Collection, Record, Table  # noqa: E402
from conus_widgets.collection.verdicts import WORDS, Verdict  # noqa: E402

KINDS = [kind for kind in WORDS if kind not in ("wrong", "note", "pair note", "undo")]
LIMIT = """\
import resource
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, hard))"""  # stands in for a full disk
UNDER_WAY = 3  # verdicts that a quick reviewer gives before the first is confirmed


def main():
    parser = argparse.ArgumentParser(prog="make stress", description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=20, help="how often to kill kernels (20)")
    parser.add_argument("--verdicts", type=int, default=200, help="to give (200)")
    parser.add_argument("--servers", type=int, default=5, help="how often to kill servers (5)")
    parser.add_argument("--no-browser", action="store_true", help="only what needs no page")
    parser.add_argument("--seed", type=int, help="of the moments; another one each time")
    options = parser.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    chance = random.Random(seed)
    print(f"seed {seed}")
    parts = [killed_kernels, two_reviewers, full_disk]
    if not options.no_browser:
        parts += [killed_under_a_page, two_pages, full_disk_under_a_page]
    with tempfile.TemporaryDirectory() as folder:
        store = evaluated(Path(folder), options.verdicts + 20)
        for part in parts:
            part(store, options, chance)
            for file in (store / "verdicts").glob("*"):
                file.unlink()


def evaluated(folder, specimens):
    """Return the store of a collection with so many specimens of one photograph."""
    photographs = write_photographs(folder / "photographs", specimens)
    records = tuple(
        Record(record.path, record.label, f"S{number}")
        for number, record in enumerate(photographs.records)
    )
    Collection(Table(records, (), "", True)).evaluate(
        StandIn(labels=SPECIES), folder / "answers", progress=False
    )
    return folder / "answers"


def killed_kernels(store, options, chance):
    account = Account(store / "verdicts")
    review(store, "Ana", account, options.verdicts, options.moments, chance)
    log = account.check(whole=True)
    print(
        f"ok  {options.verdicts} verdicts, kernel killed {account.kills} times: none is missing or "
        f"twice; {len(log.damaged)} lines were cut"
    )


def two_reviewers(store, options, chance):
    """Two at once, each killed half as often, none seeing the other's words too early."""
    accounts = {by: Account(store / "verdicts") for by in ("Ana", "Ben")}
    both = Account(store / "verdicts")
    failed = []

    def one(by, seed):
        try:
            half = (options.verdicts // 2, options.moments // 2)
            review(store, by, accounts[by], *half, random.Random(seed), check=False)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(by, chance.random())) for by in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    for account in accounts.values():
        both.given |= account.given
        both.saved |= account.saved
        both.kills += account.kills
    both.check(whole=True)
    collection = Collection.open(store)
    for by, other in (("Ana", "Ben"), ("Ben", "Ana")):
        cases = {verdict.case for verdict in collection.log.standing if verdict.by == by}
        seen = collection.seen_by(by).log.standing
        assert {verdict.case for verdict in seen if verdict.by == other} <= cases
    print(f"ok  two reviewers at once, {len(both.given)} verdicts, {both.kills} kills")


def full_disk(store, options, chance):
    """A log that cannot grow says so, keeps what it has, and takes the rest when there is room."""
    account = Account(store / "verdicts")
    waiting = verdicts("Ana", options.verdicts, chance)
    kernel = Kernel(store, "Ana", most=max(1000, 20 * options.verdicts))  # bytes
    refused = 0
    for verdict in list(waiting):
        account.give(verdict.id, "Ana", verdict.case)
        kernel.send(verdict)
        said = kernel.hear(30)
        if "saved" in said:
            account.told(said["saved"])
            waiting.remove(verdict)
        else:
            refused += 1
            assert "NOT saved" in said["why"] and "make room" in said["why"], said
        account.check()
    assert account.saved and refused > options.verdicts // 2
    kernel.end()
    kernel = Kernel(store, "Ana")  # there is room again
    for verdict in waiting:
        kernel.send(verdict)
        account.told(kernel.hear(30)["saved"])
    kernel.end()
    account.check(whole=True)
    print(f"ok  a full disk refused {refused} of {options.verdicts} verdicts, and took them later")


@contextlib.contextmanager
def pages(store):
    """A server, and a function that opens a reviewer's page of it in one browser."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server, chromium = Server(Path(home) / "lab"), browser(playwright)
        context = chromium.new_context(viewport={"width": 1280, "height": 1000})
        context.set_default_timeout(30_000)

        def opened(by, account, before=""):
            return ReviewedPage(server, context, store, by, account, before=before)

        try:
            yield server, opened
        finally:
            chromium.close()
            server.close()


def killed_under_a_page(store, options, chance):
    """Kernels and servers are killed while somebody presses keys on the real page."""
    account = Account(store / "verdicts")
    with pages(store) as (server, opened):
        page = opened("Ana", account)
        kills = moments(chance, options.moments + options.servers, options.verdicts)
        servers = set(chance.sample(kills, options.servers))
        for number in range(1, options.verdicts + 1):
            page.press(chance.choice(KEYS))
            if number not in kills:
                continue
            page.page.wait_for_timeout(chance.choice([0, 5, 20, 100]))  # anywhere on its way
            if number in servers:
                server.kill()
                account.kills += 1
                page.press_alone(chance.choice(KEYS))  # nobody has told the reviewer yet
                account.check()
                server.start()
                page.open()
            else:
                page.kill_kernel()
                account.check()
                page.go_on()
            print(f"killed after {number:3} verdicts: {len(account.saved):3} were said to be saved")
        page.wait()
        log = account.check(whole=True)
        assert len(log.verdicts) >= options.verdicts and account.saved == account.given.keys()
    print(
        f"ok  page: {len(log.verdicts)} verdicts, {options.moments} kernels and {options.servers} "
        "servers killed"
    )


def two_pages(store, options, chance):
    """Two reviewers at once on one collection, in one browser; one of the kernels is killed."""
    folder = store / "verdicts"
    accounts = {by: Account(folder) for by in ("Ana", "Ben")}
    with pages(store) as (_, opened):
        both = {by: opened(by, account) for by, account in accounts.items()}
        for number in range(20):
            for by in chance.sample(sorted(both), 2):
                both[by].page.bring_to_front()
                both[by].press(chance.choice(KEYS))
            if number == 9:
                both["Ben"].kill_kernel()
                both["Ben"].go_on()
        for page in both.values():
            page.page.bring_to_front()
            page.wait()
    whole = Account(folder)
    for account in accounts.values():
        whole.given |= account.given
        whole.saved |= account.saved
        whole.kills += account.kills
    whole.check(whole=True)
    assert len(whole.given) == 40
    print("ok  page: two reviewers at once, 40 verdicts")


def full_disk_under_a_page(store, options, chance):
    """The page says that a log cannot grow, keeps the verdicts, and sends them when it can."""
    account = Account(store / "verdicts")
    with pages(store) as (_, opened):
        page = opened("Ana", account, before=LIMIT.format(most=4000))
        for _ in range(25):
            page.press(chance.choice(KEYS))
        page.page.wait_for_timeout(1500)
        words, kept = page.words(), page.kept()
        assert kept == len(account.given) - len(account.saved) > 0, (kept, words)
        assert f"{kept} verdicts are NOT saved, but kept in this browser" in words, words
        assert "make room" in words, words
        account.check()
        page.python(LIMIT.format(most=-1))
        page.try_again()
        page.wait()
        account.check(whole=True)
    print(f"ok  page: a full disk refused {kept} verdicts, and took them later")


def review(store, by, account, count, kills, chance, *, check=True):
    """Give verdicts, and kill the kernel at random moments; what is not confirmed is sent again."""
    waiting = verdicts(by, count, chance)
    kernel, sent = Kernel(store, by), []
    at = moments(chance, kills, count)
    given = 0

    def heard(said):
        account.told(said["saved"])
        sent[:] = [verdict for verdict in sent if verdict.id != said["saved"]]

    while waiting or sent:
        if waiting and len(sent) < UNDER_WAY:
            verdict = waiting.pop(0)
            account.give(verdict.id, by, verdict.case)
            kernel.send(verdict)
            sent.append(verdict)
            given += 1
            if at and given == at[0]:
                at.pop(0)
                account.kills += 1
                said = kernel.hear(chance.choice([0, 0.0005, 0.002]))  # while it writes
                for one in [said, *kernel.kill()]:
                    if one is not None:
                        heard(one)
                if check:
                    account.check()
                kernel = Kernel(store, by)
                for verdict in sent:
                    kernel.send(verdict)
        else:
            said = kernel.hear(30)
            assert said is not None, "the kernel answers no more"
            heard(said)
    kernel.end()


def verdicts(by, count, chance):
    """One on each of the first specimens."""
    return [Verdict(chance.choice(KINDS), f"S{number}", by=by) for number in range(count)]


if __name__ == "__main__":
    main()

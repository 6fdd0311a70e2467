"""Kills kernels and servers while verdicts are given, and looks at what is left: ``make stress``.

No verdict that was said to be saved may be missing, none may count twice, and the log must always
parse. What was not confirmed is sent again, as the page does it.
"""

import argparse
import random
import sys
import tempfile
import threading
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "collection"), str(TESTS), str(TESTS.parent)]

from account import Account, moments  # noqa: E402
from quick_predictor import QuickPredictor, write_photographs  # noqa: E402
from reviewing import Kernel  # noqa: E402

from conus_widgets.collection import Collection, Record, Table  # noqa: E402
from conus_widgets.collection.verdicts import WORDS, Verdict  # noqa: E402

KINDS = [kind for kind in WORDS if kind not in ("wrong", "note", "pair note", "undo")]
UNDER_WAY = 3  # verdicts that a quick reviewer gives before the first is confirmed


def main():
    parser = argparse.ArgumentParser(prog="make stress", description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=20, help="how often to kill kernels (20)")
    parser.add_argument("--verdicts", type=int, default=200, help="to give (200)")
    parser.add_argument("--seed", type=int, help="of the moments; another one each time")
    options = parser.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    chance = random.Random(seed)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        store = evaluated(Path(folder), options.verdicts)
        for part in (killed_kernels, two_reviewers, full_disk):
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
        QuickPredictor(), folder / "answers", progress=False
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
    kernel = Kernel(store, "Ana", most=4000)
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

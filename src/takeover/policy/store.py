"""A folder of policies in the order they came: `000007_ae00ce09a667.onnx`, and which one is meant.

The names say it all: the counter gives the order, the digits after it are the version, and two
links name one policy each: `current`, and `pinned`, which is never removed. Why a policy is there
is in its provenance. Every change is one rename, so that a writer or a reader that is killed
leaves a store that can be used. One writer at a time, any number of readers.
"""

from dataclasses import dataclass
import os
from pathlib import Path
import re

from takeover.errors import TakeoverError
from takeover.policy.bundle import PolicyBundle, read_bundle
from takeover.policy.bundle_writer import write_atomically

_NAME = re.compile(r'(\d{6,})_([0-9a-f]{12})\.onnx')
_CURRENT, _PINNED = 'current', 'pinned'


class StoreError(TakeoverError):
    """A policy store cannot be used, or has no such policy."""


@dataclass(frozen=True)
class StoredPolicy:
    """One policy of a store; it may be gone by the time it is read."""

    path: Path
    counter: int
    version: str

    def bundle(self) -> PolicyBundle:
        """Read and check the file.

        :raises BundleError: damaged, or removed since.
        """
        return read_bundle(self.path)


class PolicyStore:
    """Policies in a folder, the newest `keep` of them, the current and the pinned one."""

    def __init__(self, folder: str | Path, keep: int = 10):
        """Look at a folder; it is made with the first policy.

        :param keep: how many of the newest policies stay, 1 or more.
        """
        if keep < 1:
            raise StoreError(f'{folder}: keep is {keep}; it must be 1 or more')
        self.folder = Path(folder)
        self._keep = keep

    def policies(self) -> list[StoredPolicy]:
        """Return what is there, oldest first."""
        if not self.folder.is_dir():
            return []
        found = [
            StoredPolicy(path, int(match[1]), match[2])
            for path in self.folder.iterdir()
            if (match := _NAME.fullmatch(path.name))
        ]
        return sorted(found, key=lambda policy: (policy.counter, policy.version))

    def find(self, version: str) -> StoredPolicy:
        """Return the newest policy of a version, or of one that begins with these digits.

        :raises StoreError: there is none.
        """
        for policy in reversed(self.policies()):
            if version and policy.version.startswith(version):
                return policy
        raise StoreError(f'{self.folder}: no policy {version!r}')

    def current(self) -> StoredPolicy | None:
        """Return the policy that is meant to drive, or None."""
        return self._linked(_CURRENT)

    def pinned(self) -> StoredPolicy | None:
        """Return the policy that is never removed, or None."""
        return self._linked(_PINNED)

    def add(self, file: str | Path) -> StoredPolicy:
        """Copy a policy file into the store and make it the current one.

        The policy that is the newest already is not stored twice.

        :raises BundleError: not a bundle, or it cannot be written; the store is as before.
        :raises StoreError: the folder cannot be made, or a link cannot be set.
        """
        bundle = read_bundle(file)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f'{self.folder}: cannot be made: {error.strerror}') from None
        self._sweep()
        policies = self.policies()
        if policies and policies[-1].version == bundle.version:
            stored = policies[-1]
        else:
            counter = policies[-1].counter + 1 if policies else 1
            path = self.folder / f'{counter:06d}_{bundle.version}.onnx'
            write_atomically(path, bundle.model_bytes)
            stored = StoredPolicy(path, counter, bundle.version)
        self._link(_CURRENT, stored)
        self._prune()
        return stored

    def make_current(self, version: str) -> StoredPolicy:
        """Mean another policy of the store from now on, as after a rollback.

        :raises StoreError: there is no such version.
        """
        stored = self.find(version)
        self._link(_CURRENT, stored)
        return stored

    def pin(self, version: str) -> StoredPolicy:
        """Keep this policy for ever, in place of the one pinned before.

        :raises StoreError: there is no such version.
        """
        stored = self.find(version)
        self._link(_PINNED, stored)
        return stored

    def unpin(self) -> None:
        """Let the pinned policy age like any other."""
        (self.folder / _PINNED).unlink(missing_ok=True)

    def _linked(self, name: str) -> StoredPolicy | None:
        try:
            target = os.readlink(self.folder / name)
        except OSError:
            return None
        return next((policy for policy in self.policies() if policy.path.name == target), None)

    def _link(self, name: str, policy: StoredPolicy) -> None:
        temporary = self.folder / f'.{name}.tmp'
        try:
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(policy.path.name)
            os.replace(temporary, self.folder / name)
        except OSError as error:
            raise StoreError(f'{self.folder / name}: cannot be set: {error.strerror}') from None

    def _prune(self) -> None:
        kept = {policy for policy in (self.current(), self.pinned()) if policy}
        for policy in self.policies()[: -self._keep]:
            if policy not in kept:
                policy.path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what a writer that was killed had not finished."""
        for left_over in self.folder.glob('.*.tmp'):
            left_over.unlink(missing_ok=True)

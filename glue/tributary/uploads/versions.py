"""Which version of an object is to be processed: a pure decision over what the uploads table knows of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, reduce

PENDING = "pending"
PROCESSED = "processed"
UNCHANGED = "unchanged"
SUPERSEDED = "superseded"
QUARANTINED = "quarantined"


@dataclass(frozen=True)
class Version:
    """One registered version of an object; `attempts` counts the claims so far, `size` is in bytes."""

    version: str
    status: str
    size: int = 0
    sequencer: str | None = None
    attempts: int = 0
    first_claimed_at: str | None = None
    last_error: str | None = None


@dataclass(frozen=True)
class Choice:
    """The version to claim, None when the newest one is finished; and the pending ones that it outdates."""

    claim: Version | None
    outdated: tuple[Version, ...]


def choose_version(
    versions: Sequence[Version], publishing: str | None, list_newest_first: Callable[[], list[str]]
) -> Choice:
    """Choose the newest registered version; older pending ones are outdated.

    A pending version whose publication has begun (`publishing`) goes first even when a newer one is there:
    its rows may be visible already, so its way out is to be committed, and the newer one replaces it then.
    `list_newest_first` gives the ids of the versions that the bucket holds; it is asked at most once, and
    only when two versions cannot be told by their sequencers.
    """
    pending = [version for version in versions if version.status == PENDING]
    if not pending:
        return Choice(None, ())
    begun = next((version for version in pending if version.version == publishing), None)
    if begun is not None:
        return Choice(begun, ())
    listed = cache(lambda: tuple(list_newest_first()))
    newest = reduce(lambda one, other: _newer(one, other, listed), versions)
    outdated = tuple(version for version in pending if version is not newest)
    return Choice(newest if newest.status == PENDING else None, outdated)


def _newer(one: Version, other: Version, listed: Callable[[], tuple[str, ...]]) -> Version:
    if one.sequencer is not None and other.sequencer is not None:
        return max(one, other, key=_sequencer)
    order = listed()
    # A version that the bucket no longer lists went by a lifecycle rule, which takes the older ones.
    places = {version: place for place, version in enumerate(order)}
    return min(one, other, key=lambda version: places.get(version.version, len(order)))


def _sequencer(version: Version) -> str:
    """Pad as the registration does, so that text order is the order of the numbers."""
    return (version.sequencer or "").ljust(64, "0")

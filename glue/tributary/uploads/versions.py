"""Choice of the version of an object to process: a pure function of its items in the uploads table."""

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
    """Registered version of an object; `attempts` counts the claims so far, `size` is in bytes.

    `expires_at`, in epoch seconds, is there while it is pending only where its object's items expire anyway.
    """

    version: str
    status: str
    size: int = 0
    sequencer: str | None = None
    attempts: int = 0
    first_claimed_at: str | None = None
    last_error: str | None = None
    expires_at: int | None = None


@dataclass(frozen=True)
class Choice:
    """Version to claim, None when the newest is finished, and ids of the pending ones that it supersedes."""

    claim: Version | None
    outdated: tuple[str, ...]


def choose_version(
    versions: Sequence[Version], publishing: str | None, list_newest_first: Callable[[], list[str]]
) -> Choice:
    """Choose the newest registered version; it supersedes older pending ones.

    A pending version whose publication has begun (`publishing`) goes first even when a newer one exists: its
    rows may be visible already, so it has to be committed before the newer one replaces it.
    `list_newest_first` returns the ids of the newest versions in the bucket; it is called at most once, and
    only when two versions cannot be ordered by their sequencers.
    """
    pending = [version for version in versions if version.status == PENDING]
    if not pending:
        return Choice(None, ())
    begun = next((version for version in pending if version.version == publishing), None)
    if begun is not None:
        return Choice(begun, ())
    listed = cache(lambda: tuple(list_newest_first()))
    newest = reduce(lambda one, other: _newer(one, other, listed), versions)
    outdated = tuple(version.version for version in pending if version is not newest)
    return Choice(newest if newest.status == PENDING else None, outdated)


def _newer(one: Version, other: Version, listed: Callable[[], tuple[str, ...]]) -> Version:
    if one.sequencer is not None and other.sequencer is not None:
        return max(one, other, key=_sequencer)
    order = listed()
    # A version that is not listed is older: a lifecycle rule, which begins with those, has expired it, or
    # a page of newer ones comes before it.
    places = {version: place for place, version in enumerate(order)}
    return min(one, other, key=lambda version: places.get(version.version, len(order)))


def _sequencer(version: Version) -> str:
    """Return the sequencer padded as at registration, so that text order is the order of the numbers.

    @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html, 2026-11-29
    """
    return (version.sequencer or "").ljust(64, "0")

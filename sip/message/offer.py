"""Offers and answers over session descriptions (RFC 3264)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sip.errors import PeerMistake
from sip.message.sdp import Codec, Direction, Media, Origin, Sdp

_NO_SPEECH = ("telephone-event", "cn")
_REVERSED = {
    Direction.SENDONLY: Direction.RECVONLY,
    Direction.RECVONLY: Direction.SENDONLY,
}


def reverse(direction: Direction) -> Direction:
    """Return the direction as the other side sees it (section 6.1)."""
    return _REVERSED.get(direction, direction)


def is_hold(sdp: Sdp) -> bool:
    """Say whether the writer wants to hear nothing on any stream (section 8.4).

    `c=0.0.0.0` of RFC 2543 means so too. Refused streams do not count.
    """
    alive = [media for media in sdp.media if media.port]
    return bool(alive) and all(
        sdp.direction_of(media) in (Direction.SENDONLY, Direction.INACTIVE)
        or sdp.address_of(media) == "0.0.0.0"  # noqa: S104 - compared, not bound
        for media in alive
    )


def common_codecs(offered: Media, ours: Iterable[Codec]) -> tuple[Codec, ...]:
    """Return the offered codecs that we have too, in the offer's order and numbers.

    Section 6.1: an answer uses the offer's payload types.
    """
    have = tuple(ours)
    return tuple(
        codec for codec in offered.codecs if any(codec.same_as(own) for own in have)
    )


def refuse_media(media: Media) -> Media:
    """Return the answer that refuses one stream: port 0, nothing else said."""
    return replace(media, port=0, ports=1, lines=())


def make_answer(
    offer: Sdp, *, origin: Origin, port: int, codecs: Iterable[Codec]
) -> Sdp:
    """Answer `offer` with one audio stream at `port` of the origin's address.

    Takes the first audio stream that shares a codec, refuses the others, keeps their
    order and the offer's times. Raises `PeerMistake` (488) when none shares any.
    """
    ours = tuple(codecs)
    answered: list[Media] = []
    taken = False
    for media in offer.media:
        common = () if taken or not _is_audio(media) else common_codecs(media, ours)
        # telephone-event and comfort noise carry no speech by themselves.
        if not any(c.name.lower() not in _NO_SPEECH for c in common):
            answered.append(refuse_media(media))
            continue
        taken = True
        direction = reverse(offer.direction_of(media))
        answered.append(_audio(media.protocol, port, common, direction))
    if not taken:
        raise PeerMistake(488, "Not Acceptable Here")
    times = tuple(line for line in offer.lines if line.startswith("t=")) or ("t=0 0",)
    connection = f"c=IN {origin.kind} {origin.address}"
    return Sdp(origin, tuple(answered), lines=(connection, *times))


def _is_audio(media: Media) -> bool:
    return media.kind == "audio" and media.port > 0 and "RTP/" in media.protocol


def _audio(
    protocol: str, port: int, codecs: Iterable[Codec], direction: Direction
) -> Media:
    lines: list[str] = []
    formats = []
    for codec in codecs:
        number = str(codec.payload_type)
        formats.append(number)
        channels = f"/{codec.channels}" if codec.channels != 1 else ""
        lines.append(f"a=rtpmap:{number} {codec.name}/{codec.rate}{channels}")
        if codec.parameters:
            lines.append(f"a=fmtp:{number} {codec.parameters}")
    lines.append(f"a={direction}")
    return Media("audio", port, protocol, tuple(formats), tuple(lines))

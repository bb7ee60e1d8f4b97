"""Durations as people write them: 90s, 30m, 1h30m, 2d."""

import re
from datetime import timedelta

_PARTS = re.compile(r"(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+(?:\.\d+)?)s?)?\Z")


def parse_duration(text: str | timedelta) -> timedelta:
    """Return the duration; raise ValueError, which the command line reports as a usage error."""
    if isinstance(text, timedelta):
        return text
    match = _PARTS.match(text.strip())
    if not match or not text.strip():
        raise ValueError(f"{text!r} is no duration; write 90s, 30m, 1h30m or 2d")
    return timedelta(**{unit: float(number) for unit, number in match.groupdict().items() if number})


def format_duration(duration: timedelta) -> str:
    """Return the duration in its largest fitting units: 0.4s, 12s, 3m05s, 2h10m, 4d."""
    seconds = max(duration.total_seconds(), 0.0)
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24}d"
    if hours:
        return f"{hours}h{minutes_left:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"

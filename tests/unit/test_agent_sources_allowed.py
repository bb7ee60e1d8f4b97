"""Which URIs a prefix admits; the wrong ones are dressed to look right."""

import pytest

from interlock_agent.sources.allowed_sources import is_admitted, is_allowed


@pytest.mark.parametrize(
    ("uri", "prefix"),
    [
        ("gs://my-artifacts/a.zip", "gs://"),
        ("gs://my-artifacts/a.zip", "gs://my-artifacts"),
        ("https://h.example/rel/a.zip", "https://h.example/rel/"),
        ("https://h.example/rel/a.zip", "https://h.example/rel"),
        ("https://H.example/rel/a.zip", "https://h.EXAMPLE/rel"),
        ("https://h.example:443/a", "https://h.example"),
        ("https://h.example/a", "https://h.example:443/"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1"),
        ("file:///srv/a%20b.zip", "file:///srv"),
    ],
)
def test_a_uri_below_the_prefix_is_admitted(uri: str, prefix: str) -> None:
    assert is_admitted(uri, prefix)


@pytest.mark.parametrize(
    ("uri", "prefix"),
    [
        ("gs://my-artifacts-evil/a", "gs://my-artifacts"),
        ("https://h.example/release-evil/a", "https://h.example/release"),
        ("http://h.example/a", "https://h.example"),
        ("https://h.example.evil.example/a", "https://h.example"),
        ("https://h.example@evil.example/a", "https://h.example"),
        ("https://evil.example/https://h.example/a", "https://h.example"),
        ("https://h.example:8443/a", "https://h.example:443"),
        ("https://h.example/rel/../x", "https://h.example/rel"),
        ("https://h.example/rel/%2e%2e/x", "https://h.example/rel"),
        ("https://h.example/rel/%252e%252e/x", "https://h.example/rel"),
        ("https://h.example/rel%2f..%2fx", "https://h.example/rel"),
        ("https://h.example/rel/..%5cx", "https://h.example/rel"),
        ("https://h.example\\@evil.example/", "https://h.example"),
        ("https://h.example/a\nb", "https://h.example"),
        ("https://h.example/a%00b", "https://h.example"),
        ("https://h.example:port/a", "https://h.example"),
        ("https://[::1/a", "https://"),
        ("file:///etc/passwd", "file:///srv"),
        ("a.zip", "file:///"),
    ],
)
def test_a_uri_elsewhere_is_not_admitted(uri: str, prefix: str) -> None:
    assert not is_admitted(uri, prefix)


def test_one_prefix_of_several_is_enough_and_none_admits_nothing() -> None:
    assert is_allowed("gs://b/a", ["https://", "gs://b"])
    assert not is_allowed("gs://b/a", [])

"""Google's emulators in the place of the stand-ins: a good and a bad release end as they do elsewhere."""

from collections.abc import Callable

import pytest

from interlock_local.emulators.google_emulators import find_emulator
from tests.e2e.stack import Stack
from tests.e2e.story import Story

MISSING = [kind for kind in ("pubsub", "firestore") if find_emulator(kind) is None]
pytestmark = [
    pytest.mark.slow,  # two Java processes start
    pytest.mark.skipif(bool(MISSING), reason=f"gcloud components or Java are missing for: {MISSING}"),
]


def test_releases_end_the_same_with_googles_emulators(
    own_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = own_stack(pubsub="official", ledger="official", reconcile_every=2.0)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", stack.environment["FIRESTORE_EMULATOR_HOST"])
    with stack.tail() as tail:
        story = Story(stack, tail)
        good = story.publish()
        failing = story.publish(script="exit 9")
        invalid = story.publish(target_enviroment="typo")

        story.ends(good, "succeeded")
        assert story.ends(failing, "failed")[1]["exit_code"] == 9
        story.ends(invalid, "rejected")
        alert = story.alert(lambda one: one.get("release_id") == invalid)
    assert alert["reason"] == "schema"

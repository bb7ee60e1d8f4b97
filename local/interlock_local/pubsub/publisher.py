"""google.pubsub.v1.Publisher: topics and what is published on them."""

from typing import Any

from google import pubsub_v1

from interlock_local.pubsub.hub import Hub
from interlock_local.pubsub.listing import page
from interlock_local.pubsub.refusal import invalid
from interlock_local.pubsub.resources import Empty, Topic, check_messages, check_name

PublishResponse = pubsub_v1.PublishResponse.pb()
ListTopicsResponse = pubsub_v1.ListTopicsResponse.pb()
ListTopicSubscriptionsResponse = pubsub_v1.ListTopicSubscriptionsResponse.pb()


class Publisher:
    """Each method takes Google's request, answers with Google's response, and returns after what it did is kept."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def create_topic(self, topic: Any) -> Any:
        """A new topic."""
        check_name(topic.name, kind="topics")
        self._hub.create_topic(topic)
        await self._hub.journal.settled()
        return topic

    async def update_topic(self, request: Any) -> Any:
        """Replaces the fields of the mask."""
        topic = Topic()
        topic.CopyFrom(self._hub.topic(request.topic.name))
        if not request.update_mask.paths:
            raise invalid("The update_mask in the UpdateTopicRequest must be set.")
        request.update_mask.MergeMessage(request.topic, topic, True, True)  # noqa: FBT003
        self._hub.put_topic(topic)
        await self._hub.journal.settled()
        return topic

    async def get_topic(self, request: Any) -> Any:
        """One topic."""
        return self._hub.topic(request.topic)

    async def delete_topic(self, request: Any) -> Any:
        """Its subscriptions stay without a topic."""
        self._hub.delete_topic(request.topic)
        await self._hub.journal.settled()
        return Empty()

    async def list_topics(self, request: Any) -> Any:
        """All of a project."""
        names = [name for name in self._hub.topics if name.startswith(f"{request.project}/")]
        found, token = page(names, request)
        return ListTopicsResponse(topics=[self._hub.topics[name] for name in found], next_page_token=token)

    async def list_topic_subscriptions(self, request: Any) -> Any:
        """The names of a topic's subscriptions."""
        self._hub.topic(request.topic)
        found, token = page([feed.name for feed in self._hub.feeds_of(request.topic)], request)
        return ListTopicSubscriptionsResponse(subscriptions=found, next_page_token=token)

    async def publish(self, request: Any) -> Any:
        """All messages or none; answered once they survive this process."""
        check_messages(list(request.messages))
        ids = self._hub.publish(request.topic, request.messages)
        await self._hub.journal.settled()
        return PublishResponse(message_ids=ids)

"""The calls of google.pubsub.v1.Publisher: topics, and publishing on them."""

from typing import Any

from google import pubsub_v1

from interlock_local.pubsub.broker import Broker
from interlock_local.pubsub.errors import invalid
from interlock_local.pubsub.pagination import page_of
from interlock_local.pubsub.resources import Empty, Topic, check_messages, check_name

PublishResponse = pubsub_v1.PublishResponse.pb()
ListTopicsResponse = pubsub_v1.ListTopicsResponse.pb()
ListTopicSubscriptionsResponse = pubsub_v1.ListTopicSubscriptionsResponse.pb()


class PublisherApi:
    """Each method takes Google's request and returns Google's response, once what it changed is kept durably."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def create_topic(self, topic: Any) -> Any:
        """Create a topic."""
        check_name(topic.name, kind="topics")
        self._broker.create_topic(topic)
        await self._broker.store.flush()
        return topic

    async def update_topic(self, request: Any) -> Any:
        """Replace the fields that the mask names."""
        topic = Topic()
        topic.CopyFrom(self._broker.topic(request.topic.name))
        if not request.update_mask.paths:
            raise invalid("The update_mask in the UpdateTopicRequest must be set.")
        request.update_mask.MergeMessage(request.topic, topic, True, True)  # noqa: FBT003
        self._broker.put_topic(topic)
        await self._broker.store.flush()
        return topic

    async def get_topic(self, request: Any) -> Any:
        """Return one topic."""
        return self._broker.topic(request.topic)

    async def delete_topic(self, request: Any) -> Any:
        """Delete a topic; its subscriptions stay without one."""
        self._broker.delete_topic(request.topic)
        await self._broker.store.flush()
        return Empty()

    async def list_topics(self, request: Any) -> Any:
        """Return a page of the project's topics."""
        names = [name for name in self._broker.topics if name.startswith(f"{request.project}/")]
        found, token = page_of(names, request)
        return ListTopicsResponse(topics=[self._broker.topics[name] for name in found], next_page_token=token)

    async def list_topic_subscriptions(self, request: Any) -> Any:
        """Return a page of the names of the topic's subscriptions."""
        self._broker.topic(request.topic)
        found, token = page_of([queue.name for queue in self._broker.queues_of(request.topic)], request)
        return ListTopicSubscriptionsResponse(subscriptions=found, next_page_token=token)

    async def publish(self, request: Any) -> Any:
        """Publish all messages or none."""
        check_messages(list(request.messages))
        ids = self._broker.publish(request.topic, request.messages)
        await self._broker.store.flush()
        return PublishResponse(message_ids=ids)

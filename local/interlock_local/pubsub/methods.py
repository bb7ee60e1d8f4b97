"""The table of unary methods, from which both forms of the API are made: name, types, verb and path."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from google import pubsub_v1 as api

from interlock_local.pubsub.broker import Broker
from interlock_local.pubsub.publisher import PublisherApi
from interlock_local.pubsub.resources import Empty
from interlock_local.pubsub.subscriber import SubscriberApi

TABLE: tuple[tuple[str, Any, Any, str], ...] = (
    ("Publisher.CreateTopic", api.Topic, api.Topic, "PUT {name=topics/*}"),
    ("Publisher.UpdateTopic", api.UpdateTopicRequest, api.Topic, "PATCH {topic.name=topics/*}"),
    ("Publisher.GetTopic", api.GetTopicRequest, api.Topic, "GET {topic=topics/*}"),
    ("Publisher.DeleteTopic", api.DeleteTopicRequest, None, "DELETE {topic=topics/*}"),
    ("Publisher.ListTopics", api.ListTopicsRequest, api.ListTopicsResponse, "GET {project=}/topics"),
    (
        "Publisher.ListTopicSubscriptions",
        api.ListTopicSubscriptionsRequest,
        api.ListTopicSubscriptionsResponse,
        "GET {topic=topics/*}/subscriptions",
    ),
    ("Publisher.Publish", api.PublishRequest, api.PublishResponse, "POST {topic=topics/*}:publish"),
    ("Subscriber.CreateSubscription", api.Subscription, api.Subscription, "PUT {name=subscriptions/*}"),
    (
        "Subscriber.UpdateSubscription",
        api.UpdateSubscriptionRequest,
        api.Subscription,
        "PATCH {subscription.name=subscriptions/*}",
    ),
    (
        "Subscriber.GetSubscription",
        api.GetSubscriptionRequest,
        api.Subscription,
        "GET {subscription=subscriptions/*}",
    ),
    ("Subscriber.DeleteSubscription", api.DeleteSubscriptionRequest, None, "DELETE {subscription=subscriptions/*}"),
    (
        "Subscriber.ListSubscriptions",
        api.ListSubscriptionsRequest,
        api.ListSubscriptionsResponse,
        "GET {project=}/subscriptions",
    ),
    ("Subscriber.Pull", api.PullRequest, api.PullResponse, "POST {subscription=subscriptions/*}:pull"),
    ("Subscriber.Acknowledge", api.AcknowledgeRequest, None, "POST {subscription=subscriptions/*}:acknowledge"),
    (
        "Subscriber.ModifyAckDeadline",
        api.ModifyAckDeadlineRequest,
        None,
        "POST {subscription=subscriptions/*}:modifyAckDeadline",
    ),
    (
        "Subscriber.ModifyPushConfig",
        api.ModifyPushConfigRequest,
        None,
        "POST {subscription=subscriptions/*}:modifyPushConfig",
    ),
)
"""Service and method, request, response (None means empty), verb, and path below /v1/projects/P/."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method bound to a broker; `field` names the request's field that the path fills."""

    service: str
    name: str
    request: Any
    response: Any
    verb: str
    path: re.Pattern[str]
    field: str
    call: Callable[[Any], Awaitable[Any]]


def methods(broker: Broker) -> list[Method]:
    """Return the table, bound to a broker."""
    services = {"Publisher": PublisherApi(broker), "Subscriber": SubscriberApi(broker)}
    found = []
    for name, request, response, route in TABLE:
        service, _, method = name.partition(".")
        verb, _, template = route.partition(" ")
        path, field = _path(template)
        call = getattr(services[service], _snake_case(method))
        response_type = response.pb() if response else Empty
        found.append(
            Method(f"google.pubsub.v1.{service}", method, request.pb(), response_type, verb, path, field, call)
        )
    return found


def _path(template: str) -> tuple[re.Pattern[str], str]:
    field, _, rest = template[1:].partition("=")
    resource, _, action = rest.partition("}")
    name = "/".join(part for part in ("projects/[^/]+", resource.replace("*", "[^/:]+")) if part)
    return re.compile(f"/v1/(?P<name>{name}){re.escape(action)}"), field


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()

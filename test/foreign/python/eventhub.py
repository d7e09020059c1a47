"""azure-eventhub against the Event Hubs stand-in."""

import json
import os
import threading
from datetime import datetime, timedelta, timezone
from uuid import uuid4

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient, TransportType
from azure.eventhub.exceptions import AuthenticationError, ConnectError, EventDataSendError, EventHubError

from checks import check, equal, raises

CONNECTION = os.environ["FOREIGN_EVENT_HUBS"]
WITHOUT_EMULATOR = CONNECTION.replace("UseDevelopmentEmulator=true;", "")
ENDPOINT = CONNECTION.split("Endpoint=")[1].split(";")[0]
CERTIFICATE = os.environ["FOREIGN_CERTIFICATE"]
PUBLISHED = os.environ["FOREIGN_PUBLISHED"]
PUBLISHED_NAME = os.environ["FOREIGN_PUBLISHED_NAME"]
WAIT = 10


def new_hub():
    return f"hub-{uuid4().hex[:8]}"


def producer_of(hub, conn_str=CONNECTION, **options):
    return EventHubProducerClient.from_connection_string(conn_str, eventhub_name=hub, retry_total=0, **options)


def consumer_of(hub, conn_str=CONNECTION, **options):
    return EventHubConsumerClient.from_connection_string(
        conn_str, consumer_group="$Default", eventhub_name=hub, retry_total=0, **options
    )


def send(hub, *bodies, **options):
    with producer_of(hub) as producer:
        batch = producer.create_batch(**options)
        for body in bodies:
            batch.add(EventData(body))
        producer.send_batch(batch)


def receive(hub, count, consumer=None, on_start=None, **options):
    """The first `count` events that come, in order by partition."""
    events, failures, done = [], [], threading.Event()
    consumer = consumer or consumer_of(hub)

    def on_batch(context, batch):
        events.extend((context.partition_id, event) for event in batch)
        if len(events) >= count:
            done.set()

    def on_error(_, error):
        failures.append(error)
        done.set()

    def run():
        consumer.receive_batch(on_batch, on_error=on_error, max_wait_time=1, **options)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if on_start is not None:
        on_start()
    finished = done.wait(WAIT)
    consumer.close()
    thread.join(WAIT)
    if failures:
        raise failures[0]
    if not finished:
        raise AssertionError(f"{len(events)} of {count} events came within {WAIT} s")
    return events


def bodies(events):
    return [event.body_as_str() for _, event in events]


def properties():
    hub = new_hub()
    with producer_of(hub) as producer:
        read = producer.get_eventhub_properties()
        equal([read["eventhub_name"], read["partition_ids"]], [hub, ["0", "1", "2", "3"]])
        equal(abs(read["created_at"] - datetime.now(timezone.utc)) < timedelta(minutes=1), True)
        equal(producer.get_partition_ids(), ["0", "1", "2", "3"])
        empty = producer.get_partition_properties("1")
        equal([empty["is_empty"], empty["last_enqueued_sequence_number"]], [True, -1])
        send(hub, "a", "b", partition_id="1")
        filled = producer.get_partition_properties("1")
        equal(
            [filled["id"], filled["is_empty"], filled["beginning_sequence_number"], filled["last_enqueued_sequence_number"]],
            ["1", False, 0, 1],
        )
        equal(abs(filled["last_enqueued_time_utc"] - datetime.now(timezone.utc)) < timedelta(minutes=1), True)


def send_and_receive():
    hub = new_hub()
    with producer_of(hub) as producer:
        event = EventData("grün")
        event.properties = {"int": 1, "text": "x", "flag": True}
        event.message_id = "id-1"
        event.content_type = "application/json"
        producer.send_event(event, partition_id="2")
    ((partition, got),) = receive(hub, 1, starting_position="-1")
    read = {
        (k.decode() if isinstance(k, bytes) else k): (v.decode() if isinstance(v, bytes) else v) for k, v in got.properties.items()
    }
    equal([partition, got.body_as_str(), got.message_id, got.content_type], ["2", "grün", "id-1", "application/json"])
    equal(read, {"int": 1, "text": "x", "flag": True})
    equal([got.sequence_number, int(got.offset) >= 0], [0, True])
    equal(abs(got.enqueued_time - datetime.now(timezone.utc)) < timedelta(minutes=1), True)


def batch_by_key():
    hub = new_hub()
    wanted = [str(n) for n in range(200)]
    send(hub, *wanted, partition_key="a key")
    events = receive(hub, 200, starting_position="-1")
    equal(bodies(events), wanted)
    equal(len({partition for partition, _ in events}), 1)
    equal({event.partition_key for _, event in events} <= {"a key", b"a key"}, True)


def from_latest():
    hub = new_hub()
    send(hub, "before", partition_id="0")
    # A consumer at the end has nothing to show when it has attached, so the sender goes on until it sees something.
    stop = threading.Event()

    def keep_sending():
        while not stop.wait(0.2):
            send(hub, "after", partition_id="0")

    sender = threading.Thread(target=keep_sending, daemon=True)
    try:
        events = receive(hub, 1, starting_position="@latest", partition_id="0", on_start=sender.start)
    finally:
        stop.set()
        sender.join(WAIT)
    equal(set(bodies(events)), {"after"})


def from_positions():
    hub = new_hub()
    send(hub, "0", "1", "2", "3", partition_id="0")
    events = [event for _, event in receive(hub, 4, starting_position="-1", partition_id="0")]
    offset = events[1].offset
    equal(bodies(receive(hub, 2, starting_position=offset, partition_id="0")), ["2", "3"])
    equal(bodies(receive(hub, 3, starting_position=offset, starting_position_inclusive=True, partition_id="0")), ["1", "2", "3"])
    equal(bodies(receive(hub, 1, starting_position=2, partition_id="0")), ["3"])
    earlier = datetime.now(timezone.utc) - timedelta(minutes=1)
    equal(bodies(receive(hub, 4, starting_position=earlier, partition_id="0")), ["0", "1", "2", "3"])


def last_enqueued():
    hub = new_hub()
    send(hub, "0", "1", partition_id="0")
    seen = []
    done = threading.Event()
    consumer = consumer_of(hub)

    def on_event(context, _):
        seen.append(context.last_enqueued_event_properties)
        done.set()

    options = {"partition_id": "0", "starting_position": "-1", "track_last_enqueued_event_properties": True}
    thread = threading.Thread(target=lambda: consumer.receive(on_event, **options), daemon=True)
    thread.start()
    equal(done.wait(WAIT), True)
    consumer.close()
    thread.join(WAIT)
    equal(seen[0]["sequence_number"], 1)


def owner_level():
    hub = new_hub()
    send(hub, "0", partition_id="0")
    taken = threading.Event()
    failures = []
    first, second = consumer_of(hub), consumer_of(hub)

    def on_error(_, error):
        failures.append(error)
        first.close()

    options = {"partition_id": "0", "starting_position": "-1"}
    thread = threading.Thread(
        target=lambda: first.receive(lambda *_: taken.set(), on_error=on_error, owner_level=1, **options), daemon=True
    )
    thread.start()
    equal(taken.wait(WAIT), True)
    equal(bodies(receive(hub, 1, consumer=second, owner_level=2, **options)), ["0"])
    thread.join(WAIT)
    equal([type(error).__name__ for error in failures][:1], ["ConnectionLostError"])


def too_large():
    hub = new_hub()
    with producer_of(hub) as producer:
        raises(ValueError, lambda: producer.create_batch().add(EventData(b"x" * 1_100_000)))
        raises((EventDataSendError, EventHubError), lambda: producer.send_event(EventData(b"x" * 1_100_000)))
        producer.send_event(EventData("small"))


def unknown_partition():
    with producer_of(new_hub()) as producer:
        raises(EventHubError, lambda: producer.send_event(EventData("x"), partition_id="9"))


def wrong_key():
    wrong = CONNECTION.replace("SharedAccessKey=", "SharedAccessKey=AAAA")
    with producer_of("any", wrong) as producer:
        raises((AuthenticationError, ConnectError), lambda: producer.send_event(EventData("no")))
    with producer_of("any", wrong) as producer:
        raises((AuthenticationError, ConnectError), producer.get_eventhub_properties)


def over(**options):
    """The same client over another transport. A custom endpoint keeps the port."""
    hub = new_hub()
    with producer_of(hub, custom_endpoint_address=ENDPOINT, **options) as producer:
        equal(len(producer.get_partition_ids()), 4)
        producer.send_event(EventData("x" * 200_000), partition_id="0")
    consumer = consumer_of(hub, custom_endpoint_address=ENDPOINT, **options)
    equal(len(bodies(receive(hub, 1, consumer=consumer, starting_position="-1"))[0]), 200_000)


def websockets():
    over(transport_type=TransportType.AmqpOverWebsocket)


def tls():
    over(conn_str=WITHOUT_EMULATOR, transport_type=TransportType.Amqp, connection_verify=CERTIFICATE)


def websockets_tls():
    over(conn_str=WITHOUT_EMULATOR, transport_type=TransportType.AmqpOverWebsocket, connection_verify=CERTIFICATE)


def published():
    with open(PUBLISHED, encoding="utf-8") as file:
        expected = [json.loads(line) for line in file]
    events = receive(PUBLISHED_NAME, len(expected), starting_position="-1")
    arrived = [json.loads(event.body_as_str()) for _, event in events]

    def by_row(changes):
        rows = {}
        for change in changes:
            key = json.dumps([change["metadata"]["table"], change["metadata"]["key"]], sort_keys=True)
            rows.setdefault(key, []).append(change)
        return rows

    equal(len(arrived), len(expected))
    equal(by_row(arrived), by_row(expected))


CHECKS = {
    "properties of a hub and its partitions": properties,
    "send and receive": send_and_receive,
    "a batch with a key keeps its order": batch_by_key,
    "receive from the end": from_latest,
    "receive from offset, sequence number and time": from_positions,
    "last enqueued event": last_enqueued,
    "a higher owner level takes over": owner_level,
    "an event that is too large": too_large,
    "an unknown partition": unknown_partition,
    "a wrong key": wrong_key,
    "WebSockets": websockets,
    "TLS": tls,
    "WebSockets within TLS": websockets_tls,
    "what dstream published": published,
}

for name, run in CHECKS.items():
    check(name, run)

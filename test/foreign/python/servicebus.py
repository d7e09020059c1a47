"""azure-servicebus against the Service Bus stand-in."""

import json
import os
from datetime import datetime, timedelta, timezone
from uuid import uuid4

from azure.servicebus import (
    NEXT_AVAILABLE_SESSION,
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusReceiveMode,
    ServiceBusSubQueue,
    TransportType,
)
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    OperationTimeoutError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    SessionCannotBeLockedError,
)

from checks import check, equal, raises

CONNECTION = os.environ["FOREIGN_SERVICE_BUS"]
WITHOUT_EMULATOR = CONNECTION.replace("UseDevelopmentEmulator=true;", "")
ENDPOINT = CONNECTION.split("Endpoint=")[1].split(";")[0]
CERTIFICATE = os.environ["FOREIGN_CERTIFICATE"]
PUBLISHED = os.environ["FOREIGN_PUBLISHED"]
PUBLISHED_NAME = os.environ["FOREIGN_PUBLISHED_NAME"]
WAIT = 5

client = ServiceBusClient.from_connection_string(CONNECTION, retry_total=0)


def new_queue(sessions=False):
    """A queue comes into being when somebody receives from it by its plain name."""
    name = f"queue-{uuid4().hex[:8]}"
    session = {"session_id": "first"} if sessions else {}
    with client.get_queue_receiver(name, max_wait_time=1, **session):
        return name


def send(queue, *bodies, **fields):
    with client.get_queue_sender(queue) as sender:
        sender.send_messages([ServiceBusMessage(body, **fields) for body in bodies])


def receive(receiver, count=1):
    messages = []
    while len(messages) < count:
        got = receiver.receive_messages(max_message_count=count - len(messages), max_wait_time=WAIT)
        if not got:
            raise AssertionError(f"{len(messages)} of {count} messages came within {WAIT} s")
        messages += got
    return messages


def nothing_left(queue):
    with client.get_queue_receiver(queue) as receiver:
        equal([str(m) for m in receiver.receive_messages(max_wait_time=1)], [])


def body_of(message):
    return b"".join(message.body)


def send_one():
    queue = new_queue()
    properties = {"int": 1, "float": 1.5, "text": "grün", "flag": True}
    message = ServiceBusMessage(
        b"\x00body",
        message_id="id-1",
        subject="a subject",
        content_type="application/json",
        correlation_id="c-1",
        application_properties=properties,
        time_to_live=timedelta(minutes=5),
    )
    with client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
        sender.send_messages(message)
        (got,) = receive(receiver)
        equal(body_of(got), b"\x00body")
        equal([got.message_id, got.subject, got.content_type, got.correlation_id], ["id-1", "a subject", "application/json", "c-1"])
        read = {(key.decode() if isinstance(key, bytes) else key): value for key, value in got.application_properties.items()}
        equal({**read, "text": read["text"].decode() if isinstance(read["text"], bytes) else read["text"]}, properties)
        equal([got.delivery_count, got.time_to_live, got.sequence_number], [0, timedelta(minutes=5), 1])
        equal(got.locked_until_utc > datetime.now(timezone.utc), True)
        equal(abs(got.enqueued_time_utc - datetime.now(timezone.utc)) < timedelta(minutes=1), True)
        receiver.complete_message(got)
    nothing_left(queue)


def send_batch():
    queue = new_queue()
    with client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
        batch = sender.create_message_batch()
        for n in range(100):
            batch.add_message(ServiceBusMessage(str(n)))
        sender.send_messages(batch)
        messages = receive(receiver, 100)
        equal([str(m) for m in messages], [str(n) for n in range(100)])
        for message in messages:
            receiver.complete_message(message)
    nothing_left(queue)


def receive_and_delete():
    queue = new_queue()
    send(queue, "gone")
    with client.get_queue_receiver(queue, receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE) as receiver:
        equal(str(receive(receiver)[0]), "gone")
    nothing_left(queue)


def abandon():
    queue = new_queue()
    send(queue, "again")
    with client.get_queue_receiver(queue) as receiver:
        receiver.abandon_message(receive(receiver)[0])
        (again,) = receive(receiver)
        equal([str(again), again.delivery_count], ["again", 1])
        receiver.complete_message(again)
    nothing_left(queue)


def defer():
    queue = new_queue()
    send(queue, "later", "last")
    with client.get_queue_receiver(queue) as receiver:
        first, last = receive(receiver, 2)
        receiver.defer_message(first)
        receiver.complete_message(last)
        (deferred,) = receiver.receive_deferred_messages(first.sequence_number)
        equal(str(deferred), "later")
        receiver.complete_message(deferred)
        equal(receiver.peek_messages(), [])


def dead_letter():
    queue = new_queue()
    send(queue, "poison")
    with client.get_queue_receiver(queue) as receiver:
        receiver.dead_letter_message(receive(receiver)[0], reason="bad", error_description="really bad")
    nothing_left(queue)
    with client.get_queue_receiver(queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        (dead,) = receive(receiver)
        equal([str(dead), dead.dead_letter_reason, dead.dead_letter_error_description], ["poison", "bad", "really bad"])
        receiver.complete_message(dead)
        equal(receiver.peek_messages(), [])


def renew_lock():
    queue = new_queue()
    send(queue, "held")
    with client.get_queue_receiver(queue) as receiver:
        (message,) = receive(receiver)
        before = message.locked_until_utc
        equal(receiver.renew_message_lock(message) >= before, True)
        receiver.complete_message(message)


def schedule():
    queue = new_queue()
    soon = datetime.now(timezone.utc) + timedelta(seconds=2)
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    with client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
        sender.schedule_messages(ServiceBusMessage("soon"), soon)
        cancelled = sender.schedule_messages([ServiceBusMessage("never"), ServiceBusMessage("never")], later)
        equal([str(m) for m in receiver.peek_messages(10, sequence_number=1)], ["soon", "never", "never"])
        sender.cancel_scheduled_messages(cancelled)
        equal([str(m) for m in receiver.peek_messages(10, sequence_number=1)], ["soon"])
        (message,) = receive(receiver)
        equal([str(message), datetime.now(timezone.utc) >= soon - timedelta(milliseconds=100)], ["soon", True])
        receiver.complete_message(message)


def peek():
    queue = new_queue()
    send(queue, *(str(n) for n in range(5)))
    with client.get_queue_receiver(queue) as receiver:
        equal([str(m) for m in receiver.peek_messages(3)], ["0", "1", "2"])
        equal([str(m) for m in receiver.peek_messages(10, sequence_number=4)], ["3", "4"])


def sessions():
    queue = new_queue(sessions=True)
    send(queue, "a1", "a2", session_id="a")
    send(queue, "b1", session_id="b")
    with client.get_queue_receiver(queue, session_id="b") as receiver:
        equal(receiver.session.session_id, "b")
        (message,) = receive(receiver)
        equal([str(message), message.session_id], ["b1", "b"])
        receiver.session.set_state("half way")
        equal(receiver.session.get_state(), b"half way")
        equal(receiver.session.renew_lock() > datetime.now(timezone.utc), True)
        receiver.complete_message(message)
    with client.get_queue_receiver(queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=WAIT) as receiver:
        equal(receiver.session.session_id, "a")
        for message in receive(receiver, 2):
            receiver.complete_message(message)
    with client.get_queue_receiver(queue, session_id="b") as receiver:
        equal(receiver.session.get_state(), b"half way")
        receiver.session.set_state(None)


def taken_session():
    queue = new_queue(sessions=True)
    with client.get_queue_receiver(queue, session_id="a") as holder:
        equal(holder.session.session_id, "a")
        raises(SessionCannotBeLockedError, lambda: client.get_queue_receiver(queue, session_id="a").__enter__())


def no_session():
    queue = new_queue(sessions=True)
    receiver = client.get_queue_receiver(queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1)
    raises(OperationTimeoutError, receiver.__enter__)


def topic():
    name = f"topic-{uuid4().hex[:8]}"
    with client.get_subscription_receiver(name, "one") as one, client.get_subscription_receiver(name, "two") as two:
        with client.get_topic_sender(name) as sender:
            sender.send_messages(ServiceBusMessage("both"))
        for receiver in (one, two):
            (message,) = receive(receiver)
            equal(str(message), "both")
            receiver.complete_message(message)


def too_large():
    queue = new_queue()
    with client.get_queue_sender(queue) as sender:
        raises(MessageSizeExceededError, lambda: sender.send_messages(ServiceBusMessage(b"x" * 300_000)))
        sender.send_messages(ServiceBusMessage("small"))
    with client.get_queue_receiver(queue) as receiver:
        equal(str(receive(receiver)[0]), "small")


def wrong_key():
    wrong = CONNECTION.replace("SharedAccessKey=", "SharedAccessKey=AAAA")
    with ServiceBusClient.from_connection_string(wrong, retry_total=0) as other:
        sender = other.get_queue_sender("any")
        raises((ServiceBusAuthenticationError, ServiceBusAuthorizationError), lambda: sender.send_messages(ServiceBusMessage("no")))


def over(**options):
    """The same client over another transport. A custom endpoint keeps the port."""
    queue = new_queue()
    with ServiceBusClient.from_connection_string(retry_total=0, custom_endpoint_address=ENDPOINT, **options) as other:
        with other.get_queue_sender(queue) as sender, other.get_queue_receiver(queue) as receiver:
            sender.send_messages(ServiceBusMessage("x" * 200_000))
            (message,) = receive(receiver)
            equal(len(str(message)), 200_000)
            receiver.complete_message(message)


def websockets():
    over(conn_str=CONNECTION, transport_type=TransportType.AmqpOverWebsocket)


def tls():
    over(conn_str=WITHOUT_EMULATOR, transport_type=TransportType.Amqp, connection_verify=CERTIFICATE)


def websockets_tls():
    over(conn_str=WITHOUT_EMULATOR, transport_type=TransportType.AmqpOverWebsocket, connection_verify=CERTIFICATE)


def published():
    with open(PUBLISHED, encoding="utf-8") as file:
        expected = [json.loads(line) for line in file]
    tables = {event["metadata"]["table"] for event in expected}
    arrived = {}
    for _ in tables:
        with client.get_subscription_receiver(
            PUBLISHED_NAME, "dstream", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=WAIT
        ) as receiver:
            while messages := receiver.receive_messages(max_message_count=100, max_wait_time=1):
                for message in messages:
                    event = json.loads(body_of(message))
                    arrived.setdefault(event["metadata"]["table"], []).append(event)
                    receiver.complete_message(message)
    for table in tables:
        equal(len(arrived[table]), len([e for e in expected if e["metadata"]["table"] == table]))
        equal(arrived[table], [e for e in expected if e["metadata"]["table"] == table])


CHECKS = {
    "send, receive and complete": send_one,
    "a batch keeps its order": send_batch,
    "receive and delete": receive_and_delete,
    "abandon": abandon,
    "defer and receive deferred": defer,
    "dead-letter, with reason and description": dead_letter,
    "renew a lock": renew_lock,
    "schedule and cancel": schedule,
    "peek": peek,
    "sessions, named and next, with state": sessions,
    "a session that another receiver holds": taken_session,
    "no session within the time": no_session,
    "topic to subscriptions": topic,
    "a message that is too large": too_large,
    "a wrong key": wrong_key,
    "WebSockets": websockets,
    "TLS": tls,
    "WebSockets within TLS": websockets_tls,
    "what dstream published": published,
}

for name, run in CHECKS.items():
    check(name, run)
client.close()
